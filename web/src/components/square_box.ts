import type { Square } from "../geometry/square";
import type { Size } from "../geometry/view";

/** Places in the frame are shares of the photograph, so that the frame may have any size. */
export function boxOf({ centre, side, angleDeg }: Square, photo: Size) {
  return {
    left: percent((centre[0] + 0.5 - side / 2) / photo.width),
    top: percent((centre[1] + 0.5 - side / 2) / photo.height),
    width: percent(side / photo.width),
    height: percent(side / photo.height),
    transform: `rotate(${angleDeg}deg)`,
  };
}

export function percent(share: number): string {
  return `${share * 100}%`;
}
