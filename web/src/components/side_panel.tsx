import { useStudio } from "../state/studio";
import { Icon } from "./icon";
import { MethodPanel } from "./method_panel";
import { PointPanel } from "./point_panel";
import { Recovery } from "./recovery";
import { SeedPanel } from "./seed_panel";

/** Beside the picture; on a small screen a sheet that comes up. */
export function SidePanel() {
  const { store } = useStudio();
  return (
    <aside
      class={store.isSheetOpen.value ? "side-panel open" : "side-panel"}
      aria-label="Pictures, points and method"
    >
      <button
        type="button"
        class="icon-button sheet-close narrow-only"
        aria-label="Close the panel"
        onClick={() => {
          store.isSheetOpen.value = false;
        }}
      >
        <Icon name="close" />
      </button>
      <Recovery />
      <SeedPanel />
      <PointPanel />
      <MethodPanel />
    </aside>
  );
}
