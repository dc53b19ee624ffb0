import { useSignal, useSignalEffect } from "@preact/signals";
import { isDarkNow, keepTheme } from "../style/theme";
import { Icon } from "./icon";

export function ThemeButton() {
  const isDark = useSignal(isDarkNow());
  useSignalEffect(() => {
    document.documentElement.dataset.theme = isDark.value ? "dark" : "light";
  });
  return (
    <button
      type="button"
      class="icon-button"
      data-testid="theme"
      aria-label={isDark.value ? "Light theme" : "Dark theme"}
      title={isDark.value ? "Light theme" : "Dark theme"}
      onClick={() => {
        isDark.value = !isDark.value;
        keepTheme(isDark.value);
      }}
    >
      <Icon name={isDark.value ? "sun" : "moon"} />
    </button>
  );
}
