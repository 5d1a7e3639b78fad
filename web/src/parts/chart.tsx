import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useWidth } from "./width.ts";

export interface Scale {
  /** Where a value lies, in pixels of the chart. */
  x(value: number): number;
  y(value: number): number;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Props {
  label: string;
  x: { title: string; ticks: readonly number[]; text(value: number): string; position?(value: number): number };
  y: { title: string; ticks: readonly number[]; text(value: number): string; low: number; high: number };
  height?: number;
  /** Called with the values under the pointer while it is held down. */
  onDraw?(x: number, y: number): void;
  children(scale: Scale): ComponentChildren;
}

/** Axes in an SVG as wide as the page; what is drawn between them is given as a function. */
export function Chart({ label, x, y, height = 320, onDraw, children }: Props) {
  const [frame, width] = useWidth<HTMLDivElement>(640);
  const drawing = useRef(false);
  const [left, right, top, bottom] = [44, width - 14, 28, height - 46];
  const at = x.position ?? ((value: number) => value);
  const [first, last] = [at(x.ticks[0]), at(x.ticks[x.ticks.length - 1])];
  const scale: Scale = {
    x: (value) => left + 8 + ((at(value) - first) / (last - first || 1)) * (right - left - 16),
    y: (value) => bottom - ((value - y.low) / (y.high - y.low)) * (bottom - top),
    ...{ width, height, left, right, top, bottom },
  };
  const draw = (event: PointerEvent) => {
    if (!onDraw || !drawing.current) return;
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const across = event.clientX - box.left;
    const nearest = x.ticks.reduce((best, each) =>
      Math.abs(scale.x(each) - across) < Math.abs(scale.x(best) - across) ? each : best,
    );
    const value = y.low + ((bottom - (event.clientY - box.top)) / (bottom - top)) * (y.high - y.low);
    onDraw(nearest, Math.min(Math.max(value, y.low), y.high));
  };
  // Every second label where they would touch.
  const every = Math.ceil((x.ticks.length * 52) / (right - left));
  return (
    <div class="chart" ref={frame}>
      <svg
        width={width}
        height={height}
        role={onDraw ? "group" : "img"}
        aria-label={label}
        class={onDraw ? "drawable" : ""}
        onPointerDown={(event) => {
          if (!onDraw) return;
          drawing.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
          draw(event);
        }}
        onPointerMove={draw}
        onPointerUp={() => {
          drawing.current = false;
        }}
        onPointerCancel={() => {
          drawing.current = false;
        }}
      >
        <g class="axes" aria-hidden="true">
          {y.ticks.map((tick) => (
            <g key={tick}>
              <line x1={left} x2={right} y1={scale.y(tick)} y2={scale.y(tick)} />
              <text x={left - 7} y={scale.y(tick)} dy="0.35em" text-anchor="end">
                {y.text(tick)}
              </text>
            </g>
          ))}
          {x.ticks.map((tick, index) => (
            <g key={tick}>
              <line class="tick" x1={scale.x(tick)} x2={scale.x(tick)} y1={bottom} y2={bottom + 5} />
              {(x.ticks.length - 1 - index) % every === 0 && (
                <text
                  x={Math.min(scale.x(tick), width - 3.6 * x.text(tick).length)}
                  y={bottom + 19}
                  text-anchor="middle"
                >
                  {x.text(tick)}
                </text>
              )}
            </g>
          ))}
          <text class="axis-title" x={(left + right) / 2} y={height - 6} text-anchor="middle">
            {x.title}
          </text>
          <text class="axis-title" x={2} y={12}>
            {y.title}
          </text>
        </g>
        {children(scale)}
      </svg>
    </div>
  );
}

interface LineProps {
  scale: Scale;
  points: readonly (readonly [number, number])[];
  band?: readonly (readonly [number, number, number])[];
  kind: string;
}

/** A line with the band of its intervals. */
export function Line({ scale, points, band, kind }: LineProps) {
  const path = (of: readonly (readonly [number, number])[]) =>
    of.map(([x, y]) => `${scale.x(x).toFixed(1)},${scale.y(y).toFixed(1)}`).join(" ");
  return (
    <g class={`line ${kind}`} aria-hidden="true">
      {band && band.length > 1 && (
        <polygon
          points={`${path(band.map(([x, low]) => [x, low]))} ${path(band.map(([x, , high]) => [x, high] as const).reverse())}`}
        />
      )}
      <polyline points={path(points)} />
      {points.map(([x, y]) => (
        <circle key={x} cx={scale.x(x)} cy={scale.y(y)} r={3.5} />
      ))}
    </g>
  );
}

/** What the colours mean. */
export function Legend({ entries }: { entries: readonly (readonly [string, string])[] }) {
  return (
    <ul class="legend">
      {entries.map(([kind, text]) => (
        <li key={kind} class={kind}>
          <span aria-hidden="true" /> {text}
        </li>
      ))}
    </ul>
  );
}

/** Round numbers between two ends, about as many as asked for. */
export function ticks(low: number, high: number, about = 5): number[] {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}
