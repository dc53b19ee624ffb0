import { sizeOfPhotoWords } from "../state/photo";
import { useStudio } from "../state/studio";
import { Quality } from "./quality";

/** Which photograph the picture is of, and how well the model knows it. */
export function PhotoAbout() {
  const photo = useStudio().store.doc.value?.photo ?? null;
  if (photo === null) {
    return null;
  }
  return (
    <div class="photo-about" data-testid="photo-about">
      <p>
        From your photograph <strong class="photo-name">{photo.name}</strong>{" "}
        <span class="muted">{sizeOfPhotoWords(photo)}</span>
      </p>
      {photo.quality !== null && <Quality quality={photo.quality} testId="photo-about-quality" />}
    </div>
  );
}
