import type { RefObject } from "preact";
import { open } from "../commands/files";
import { useStudio } from "../state/studio";

interface FileInputProps {
  input: RefObject<HTMLInputElement | null>;
  accept: string;
  testId: string;
}

/** Behind a button: the browser's own control cannot be styled. */
export function FileInput({ input, accept, testId }: FileInputProps) {
  const studio = useStudio();
  return (
    <input
      ref={input}
      type="file"
      class="for-listeners"
      tabIndex={-1}
      aria-hidden="true"
      accept={accept}
      data-testid={testId}
      onChange={(event) => {
        const chosen = event.currentTarget.files?.[0];
        if (chosen !== undefined) {
          void open(studio, chosen);
        }
        // The same file may be chosen again.
        event.currentTarget.value = "";
      }}
    />
  );
}
