import { useRef } from "preact/hooks";
import { moveSquare } from "../commands/photo";
import { cornersOf, type Square } from "../geometry/square";
import type { Size, Xy } from "../geometry/view";
import { SquareHand } from "../gestures/square_hand";
import { useStudio } from "../state/studio";
import { place } from "../state/words";
import { boxOf, percent } from "./square_box";

const ARROWS: Readonly<Record<string, Xy>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** Of the square's side, for an arrow key; with Shift ten times that. */
const NUDGE_SHARE = 0.01;

/** What is taken of the photograph: moved as a whole, or pulled at a corner. */
export function MovableSquare({
  square,
  photo,
  frame,
}: {
  square: Square;
  photo: Size;
  frame: () => HTMLElement | null;
}) {
  const studio = useStudio();
  const hand = useRef<SquareHand | null>(null);
  hand.current ??= new SquareHand(studio, frame, photo);
  const held = (grip: number | "whole") => ({
    onPointerDown: (event: PointerEvent & { readonly currentTarget: HTMLElement }) =>
      hand.current?.press(event, event.currentTarget, grip),
    onPointerMove: (event: PointerEvent) => hand.current?.move(event),
    onPointerUp: (event: PointerEvent) => hand.current?.release(event),
    onPointerCancel: (event: PointerEvent) => hand.current?.leave(event),
  });
  return (
    <>
      <p class="for-listeners" id="square-help">
        Arrow keys move it, with Shift farther. Size and turn have sliders below.
      </p>
      <button
        type="button"
        class="photo-square"
        style={boxOf(square, photo)}
        data-testid="photo-square"
        data-side={square.side}
        data-angle={square.angleDeg}
        data-x={square.centre[0]}
        data-y={square.centre[1]}
        aria-label={`Square of ${Math.round(square.side)} px at ${place(square.centre)}`}
        aria-describedby="square-help"
        onKeyDown={(event) => {
          const arrow = ARROWS[event.key];
          if (arrow !== undefined) {
            const far = Math.max(1, square.side * NUDGE_SHARE) * (event.shiftKey ? 10 : 1);
            moveSquare(studio, square, [arrow[0] * far, arrow[1] * far]);
            event.preventDefault();
          }
        }}
        {...held("whole")}
      />
      {cornersOf(square).map((corner, index) => (
        <span
          class="photo-corner"
          key={index}
          style={{
            left: percent((corner[0] + 0.5) / photo.width),
            top: percent((corner[1] + 0.5) / photo.height),
          }}
          data-testid={`photo-corner-${index}`}
          aria-hidden="true"
          {...held(index)}
        />
      ))}
    </>
  );
}
