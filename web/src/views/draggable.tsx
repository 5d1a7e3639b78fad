import { useLayoutEffect, useRef } from "preact/hooks";
import { useLanguage } from "../language.tsx";
import { paint, type PictureData } from "../parts/picture.tsx";

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface Props {
  canvas: PictureData;
  right: number;
  down: number;
  onMove(right: number, down: number): void;
}

/** A picture that is dragged, or moved by arrow keys. */
export function Draggable({ canvas, right, down, onMove }: Props) {
  const { t, number } = useLanguage();
  const element = useRef<HTMLCanvasElement>(null);
  const start = useRef<{ x: number; y: number; right: number; down: number } | null>(null);
  useLayoutEffect(() => {
    if (element.current) paint(element.current, canvas);
  }, [canvas]);
  return (
    <canvas
      ref={element}
      class="picture draggable"
      width={1}
      height={1}
      tabIndex={0}
      role="application"
      aria-label={`${t.move.canvas} ${t.move.position(number(right), number(down))}`}
      onKeyDown={(event) => {
        const step = ARROWS[event.key];
        if (!step) return;
        event.preventDefault();
        onMove(right + step[0], down + step[1]);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, y: event.clientY, right, down };
      }}
      onPointerMove={(event) => {
        const from = start.current;
        if (!from) return;
        const pixel = event.currentTarget.clientWidth / canvas.width;
        const [across, along] = [
          from.right + Math.round((event.clientX - from.x) / pixel),
          from.down + Math.round((event.clientY - from.y) / pixel),
        ];
        if (across !== right || along !== down) onMove(across, along);
      }}
      onPointerUp={() => {
        start.current = null;
      }}
      onPointerCancel={() => {
        start.current = null;
      }}
    />
  );
}
