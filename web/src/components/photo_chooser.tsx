import { useRef } from "preact/hooks";
import { beginPhoto, cancelPhoto, chooseFace, shapeSquare } from "../commands/photo";
import { type Square, sideLimits, squareOf } from "../geometry/square";
import type { Size } from "../geometry/view";
import { photoSize } from "../state/photo";
import { useStudio } from "../state/studio";
import type { IncomingView } from "../wire/messages";
import { MovableSquare } from "./movable_square";
import { boxOf } from "./square_box";

/** The photograph with its faces, and a square that can be moved, sized and turned. */
export function PhotoChooser({ incoming }: { incoming: IncomingView }) {
  const studio = useStudio();
  const choice = studio.store.choice.value;
  const isFace = choice !== null && choice.face !== null;
  return (
    <>
      <p>{choosingWords(incoming.faces.length)}</p>
      <Places incoming={incoming} />
      {choice !== null && <Sliders square={choice.square} photo={photoSize(incoming)} />}
      <footer class="photo-foot">
        <button
          type="button"
          class="primary-button"
          data-testid="photo-use"
          disabled={choice === null}
          onClick={() => beginPhoto(studio)}
        >
          {isFace ? "Use this face" : "Use this square"}
        </button>
        <button
          type="button"
          class="quiet-button at-end"
          data-testid="photo-cancel"
          onClick={() => cancelPhoto(studio)}
        >
          Cancel
        </button>
      </footer>
    </>
  );
}

function choosingWords(faces: number): string {
  if (faces > 1) {
    return `${faces} faces were found. Choose one, or move the square.`;
  }
  return faces === 1
    ? "One face was found. Move the square if it should be another place."
    : "Move the square around what should become the picture.";
}

function Places({ incoming }: { incoming: IncomingView }) {
  const studio = useStudio();
  const frame = useRef<HTMLDivElement>(null);
  const { choice } = studio.store;
  const address = studio.photo.pictures.photo.value;
  const photo = photoSize(incoming);
  const square = choice.value?.square ?? null;
  return (
    <div class="photo-room">
      <div
        class="photo-frame"
        ref={frame}
        style={{ "--ratio": String(photo.width / photo.height) }}
      >
        {address !== null && <img src={address} alt="Your photograph" draggable={false} />}
        {square !== null && (
          <div class="photo-shade" aria-hidden="true">
            <div class="photo-clear" style={boxOf(square, photo)} />
          </div>
        )}
        {incoming.faces.map((corners, index) => (
          <button
            type="button"
            class="photo-face"
            key={index}
            style={boxOf(squareOf(corners), photo)}
            data-testid={`photo-face-${index}`}
            aria-label={`Face ${index + 1} of ${incoming.faces.length}`}
            aria-pressed={choice.value?.face === index}
            onClick={() => chooseFace(studio, index)}
          >
            <span class="photo-face-number" aria-hidden="true">
              {index + 1}
            </span>
          </button>
        ))}
        {square !== null && (
          <MovableSquare square={square} photo={photo} frame={() => frame.current} />
        )}
      </div>
    </div>
  );
}

function Sliders({ square, photo }: { square: Square; photo: Size }) {
  const studio = useStudio();
  const { least, most } = sideLimits(photo);
  const side = Math.round(square.side);
  const angle = Math.round(square.angleDeg);
  return (
    <div class="photo-sliders">
      <label class="slider">
        <span class="slider-name">
          Size <span class="number">{side} px</span>
        </span>
        <input
          type="range"
          data-testid="photo-size"
          min={Math.ceil(least)}
          max={most}
          value={side}
          aria-valuetext={`${side} px`}
          onInput={(event) => shapeSquare(studio, { side: Number(event.currentTarget.value) })}
        />
      </label>
      <label class="slider">
        <span class="slider-name">
          Turn <span class="number">{angle}°</span>
        </span>
        <input
          type="range"
          data-testid="photo-angle"
          min={-180}
          max={180}
          value={angle}
          aria-valuetext={`${angle} degrees`}
          onInput={(event) => shapeSquare(studio, { angleDeg: Number(event.currentTarget.value) })}
        />
      </label>
    </div>
  );
}
