import { redo, undo } from "../commands/drag";
import { saveProject } from "../commands/files";
import { useStudio } from "../state/studio";
import { CompareButton } from "./compare_button";
import { ExportMenu } from "./export_menu";
import { Icon } from "./icon";
import { ThemeButton } from "./theme_button";

interface TopBarProps {
  choosePhoto: () => void;
  chooseProject: () => void;
}

export function TopBar({ choosePhoto, chooseProject }: TopBarProps) {
  const studio = useStudio();
  const { doc, job, isSheetOpen, areShortcutsOpen } = studio.store;
  return (
    <header class="top-bar">
      <h1 class="brand">
        <span class="brand-mark" aria-hidden="true" />
        tugan
      </h1>
      <div class="group">
        <button
          type="button"
          class="icon-button"
          data-testid="undo"
          aria-label="Undo"
          title="Undo (Ctrl+Z)"
          disabled={!doc.value?.can_undo}
          onClick={() => undo(studio)}
        >
          <Icon name="undo" />
        </button>
        <button
          type="button"
          class="icon-button"
          data-testid="redo"
          aria-label="Redo"
          title="Redo (Ctrl+Shift+Z)"
          disabled={!doc.value?.can_redo}
          onClick={() => redo(studio)}
        >
          <Icon name="redo" />
        </button>
      </div>
      <output class="job" data-testid="job">
        {job.value !== null && <span class="spinner" aria-hidden="true" />}
        {job.value}
      </output>
      <div class="group at-end">
        <CompareButton />
        <span class="rule" aria-hidden="true" />
        <button
          type="button"
          class="quiet-button"
          data-testid="open-photo"
          aria-label="Open a photo"
          title="Open a photo: or drop it, or paste it"
          disabled={doc.value?.generator == null || job.value !== null}
          onClick={choosePhoto}
        >
          <Icon name="photo" />
          <span class="wide-only">Photo</span>
        </button>
        <button
          type="button"
          class="quiet-button"
          data-testid="open-project"
          aria-label="Open a project"
          title="Open a project (Ctrl+O)"
          onClick={chooseProject}
        >
          <Icon name="open" />
          <span class="wide-only">Open</span>
        </button>
        <button
          type="button"
          class="quiet-button"
          data-testid="save-project"
          aria-label="Save the project"
          title="Save the project (Ctrl+S)"
          disabled={doc.value === null || job.value !== null}
          onClick={() => void saveProject(studio)}
        >
          <Icon name="save" />
          <span class="wide-only">Save</span>
        </button>
        <ExportMenu />
        <span class="rule" aria-hidden="true" />
        <ThemeButton />
        <button
          type="button"
          class="icon-button wide-only"
          data-testid="shortcuts"
          aria-label="Keys"
          title="Keys (?)"
          onClick={() => {
            areShortcutsOpen.value = true;
          }}
        >
          <Icon name="help" />
        </button>
        <button
          type="button"
          class="icon-button narrow-only"
          data-testid="sheet-toggle"
          aria-label="Pictures, points and method"
          aria-expanded={isSheetOpen.value}
          onClick={() => {
            isSheetOpen.value = !isSheetOpen.value;
          }}
        >
          <Icon name="sliders" />
        </button>
      </div>
    </header>
  );
}
