import { useLanguage } from "../language.tsx";

export const RUNGS = ["dense", "local", "shared", "averaged"] as const;
export type Rung = (typeof RUNGS)[number];

const UNITS = 7; // of the drawing
const REACH = 1; // units to either side

interface Connection {
  readonly from: number;
  readonly to: number;
  /** Connections of one colour are one weight. */
  readonly weight: number;
}

function connections(rung: Rung): Connection[] {
  const found: Connection[] = [];
  for (let to = 0; to < UNITS; to += 1) {
    for (let from = 0; from < UNITS; from += 1) {
      if (rung !== "dense" && Math.abs(from - to) > REACH) continue;
      const tied = rung === "shared" || rung === "averaged";
      found.push({ from, to, weight: tied ? from - to + REACH : found.length });
    }
  }
  return found;
}

/** Which units of one layer are connected with which of the next, in a row of a few. */
export function Connections({ rung }: { rung: Rung }) {
  const { t, number } = useLanguage();
  const lines = connections(rung);
  const weights = new Set(lines.map((each) => each.weight)).size;
  const x = (unit: number) => 20 + unit * 40;
  const text = t.untie.lines(number(lines.length), number(weights));
  return (
    <figure class="connections">
      <svg viewBox={`0 0 280 ${rung === "averaged" ? 146 : 94}`} role="img" aria-label={`${t.untie.pictures[rung]} ${text}`}>
        {lines.map(({ from, to, weight }) => (
          <line
            key={`${from} ${to}`}
            x1={x(from)}
            x2={x(to)}
            y1={16}
            y2={84}
            stroke={`hsl(${Math.round((360 * weight) / weights)} 65% 50%)`}
          />
        ))}
        {rung === "averaged" &&
          Array.from({ length: UNITS }, (_, unit) => (
            <line key={unit} class="mean" x1={x(unit)} x2={x((UNITS - 1) / 2)} y1={84} y2={136} />
          ))}
        {Array.from({ length: UNITS }, (_, unit) => (
          <g key={unit}>
            <circle cx={x(unit)} cy={16} r={7} />
            <circle cx={x(unit)} cy={84} r={7} />
          </g>
        ))}
        {rung === "averaged" && <circle cx={x((UNITS - 1) / 2)} cy={136} r={7} />}
      </svg>
      <figcaption>
        {t.untie.pictures[rung]} {text}
      </figcaption>
    </figure>
  );
}
