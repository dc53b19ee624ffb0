import { GRADE_WORDS, qualityWords } from "../state/photo";
import type { QualityView } from "../wire/messages";
import { Icon, type IconName } from "./icon";

const ICONS: Readonly<Record<QualityView["grade"], IconName>> = {
  good: "check",
  usable: "nearly",
  poor: "warn",
};

/** How near the model's picture is to the photograph: a grade, and what it means. */
export function Quality({ quality, testId }: { quality: QualityView; testId: string }) {
  return (
    <div class="quality" data-testid={testId} data-grade={quality.grade}>
      <span class={`grade ${quality.grade}`}>
        <Icon name={ICONS[quality.grade]} size={16} />
        {GRADE_WORDS[quality.grade]}
      </span>
      <p>{qualityWords(quality)}</p>
    </div>
  );
}
