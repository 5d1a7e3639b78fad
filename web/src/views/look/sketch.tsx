import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { change, useAddress } from "../../address.ts";
import { useLanguage } from "../../language.tsx";
import { paint, type PictureData } from "../../parts/picture.tsx";
import { readBits, writeBits } from "./sketch-bits.ts";

const PEN = 2; // pixels per side

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

/** What the reader has drawn, which links keep. */
export function useSketch(side: number, channels: number): PictureData {
  const [text] = useAddress("sketch", "");
  return useMemo(() => {
    const data = Float32Array.from({ length: side * side * channels });
    readBits(text, side * side).forEach((value, pixel) => {
      data.fill(value, pixel * channels, (pixel + 1) * channels);
    });
    return { height: side, width: side, channels: channels === 3 ? 3 : 1, data };
  }, [text, side, channels]);
}

/** A canvas to draw on, by pointer, or by a cursor that arrow keys move and the space bar draws with. */
export function Sketch({ picture }: { picture: PictureData }) {
  const { t, number } = useLanguage();
  const { height: side, channels, data } = picture;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [[row, column], setCursor] = useState<readonly [number, number]>([side >> 1, side >> 1]);
  const [erasing, setErasing] = useState(false);
  const last = useRef<readonly [number, number] | null>(null);
  useLayoutEffect(() => {
    if (canvas.current) paint(canvas.current, picture);
  }, [picture]);
  const draw = (places: readonly (readonly [number, number])[]) => {
    const drawn = Uint8Array.from({ length: side * side }, (_, pixel) => (data[pixel * channels] > 0 ? 1 : 0));
    for (const [down, right] of places) {
      for (let y = down; y < Math.min(down + PEN, side); y += 1) {
        for (let x = right; x < Math.min(right + PEN, side); x += 1) drawn[y * side + x] = erasing ? 0 : 1;
      }
    }
    change({ sketch: drawn.some(Boolean) ? writeBits(drawn) : null });
  };
  const at = (event: PointerEvent): readonly [number, number] => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const place = (part: number, whole: number) =>
      Math.min(Math.max(Math.round((part / whole) * side - PEN / 2), 0), side - 1);
    return [place(event.clientY - box.top, box.height), place(event.clientX - box.left, box.width)];
  };
  return (
    <div class="sketch">
      <div
        class="marked pointed"
        tabIndex={0}
        role="application"
        aria-label={`${t.look.sketch} ${t.lens.place(number(row + 1), number(column + 1))}`}
        onKeyDown={(event) => {
          const step = ARROWS[event.key];
          if (!step && event.key !== " ") return;
          event.preventDefault();
          const bounded = (value: number) => Math.min(Math.max(value, 0), side - 1);
          const next = step ? ([bounded(row + step[0]), bounded(column + step[1])] as const) : ([row, column] as const);
          setCursor(next);
          if (!step || event.shiftKey) draw([next]);
        }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          last.current = at(event);
          setCursor(last.current);
          draw([last.current]);
        }}
        onPointerMove={(event) => {
          if (!last.current) return;
          const next = at(event);
          draw(between(last.current, next));
          last.current = next;
        }}
        onPointerUp={() => {
          last.current = null;
        }}
        onPointerCancel={() => {
          last.current = null;
        }}
      >
        <canvas ref={canvas} class="picture" width={1} height={1} aria-hidden="true" />
        <svg class="mark cursor" viewBox={`0 0 ${side} ${side}`} aria-hidden="true">
          <rect x={column} y={row} width={PEN} height={PEN} />
        </svg>
      </div>
      <p class="small">{t.look.sketchKeys}</p>
      <p class="buttons">
        <label class="check">
          <input type="checkbox" checked={erasing} onChange={(event) => setErasing(event.currentTarget.checked)} />{" "}
          {t.look.erase}
        </label>
        <button type="button" onClick={() => change({ sketch: null })}>
          {t.look.clear}
        </button>
      </p>
    </div>
  );
}

/** The places on the way from one to another. */
function between(from: readonly [number, number], to: readonly [number, number]): [number, number][] {
  const steps = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]), 1);
  return Array.from({ length: steps + 1 }, (_, step) => [
    Math.round(from[0] + ((to[0] - from[0]) * step) / steps),
    Math.round(from[1] + ((to[1] - from[1]) * step) / steps),
  ]);
}
