import { toggleLive } from "../commands/drag";
import type { Tool } from "../keys/shortcuts";
import { useStudio } from "../state/studio";
import { Icon, type IconName } from "./icon";

const TOOLS: readonly { tool: Tool; icon: IconName; name: string; label: string; key: string }[] = [
  {
    tool: "points",
    icon: "points",
    name: "Points",
    label: "Points: press and pull, or click twice",
    key: "P",
  },
  { tool: "select", icon: "select", name: "Select", label: "Select and move points", key: "V" },
  { tool: "brush", icon: "brush", name: "Change", label: "Brush: what may change", key: "B" },
  { tool: "eraser", icon: "eraser", name: "Keep", label: "Brush: what to keep", key: "E" },
  { tool: "hand", icon: "hand", name: "Hand", label: "Hand: move the view", key: "H" },
];

export function ToolRail() {
  const studio = useStudio();
  const { tool, live } = studio.store;
  return (
    <nav class="tool-rail" aria-label="Tools">
      {TOOLS.map((one) => (
        <button
          type="button"
          key={one.tool}
          class="tool"
          data-testid={`tool-${one.tool}`}
          aria-label={one.label}
          aria-pressed={tool.value === one.tool}
          title={`${one.label} (${one.key})`}
          onClick={() => {
            tool.value = one.tool;
          }}
        >
          <Icon name={one.icon} />
          <span aria-hidden="true">{one.name}</span>
        </button>
      ))}
      <span class="rail-rule" aria-hidden="true" />
      <button
        type="button"
        class="tool live"
        data-testid="live-toggle"
        aria-label="Live: the picture follows a pull at once"
        aria-pressed={live.value}
        title="Live: the picture follows a pull at once; without, Start does (L)"
        onClick={() => toggleLive(studio)}
      >
        <Icon name="live" />
        <span aria-hidden="true">Live</span>
      </button>
    </nav>
  );
}
