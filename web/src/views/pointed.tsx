import { useLayoutEffect, useRef } from "preact/hooks";
import { useLanguage } from "../language.tsx";
import { paint, type PictureData } from "../parts/picture.tsx";

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

interface Props {
  picture: PictureData;
  /** What it shows, and how keys move the square. */
  label: string;
  row: number;
  column: number;
  /** Pixels per side of the square around the place. */
  size: number;
  onPlace(row: number, column: number): void;
}

/** A picture with a square that follows the pointer, or the arrow keys. */
export function Pointed({ picture, label, row, column, size, onPlace }: Props) {
  const { t, number } = useLanguage();
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current) paint(canvas.current, picture);
  }, [picture]);
  const point = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    onPlace(
      Math.floor(((event.clientY - box.top) / box.height) * picture.height),
      Math.floor(((event.clientX - box.left) / box.width) * picture.width),
    );
  };
  return (
    <div
      class="marked pointed"
      tabIndex={0}
      role="application"
      aria-label={`${label} ${t.lens.place(number(row + 1), number(column + 1))}`}
      onKeyDown={(event) => {
        const step = STEPS[event.key];
        if (!step) return;
        event.preventDefault();
        onPlace(row + step[0], column + step[1]);
      }}
      onPointerDown={point}
      onPointerMove={point}
    >
      <canvas ref={canvas} class="picture" width={1} height={1} aria-hidden="true" />
      <Mark row={row} column={column} size={size} side={picture.width} />
    </div>
  );
}

/** A square around a place of a picture. */
export function Mark({ row, column, size, side }: { row: number; column: number; size: number; side: number }) {
  const half = (size - 1) / 2;
  return (
    <svg class="mark" viewBox={`0 0 ${side} ${side}`} aria-hidden="true">
      <rect x={column - half} y={row - half} width={size} height={size} />
    </svg>
  );
}
