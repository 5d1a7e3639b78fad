import { useLanguage } from "../language.tsx";
import type { Condition } from "../study.ts";
import { Chart, Legend, Line, type Scale, ticks } from "./chart.tsx";
import { NumbersTable, usePercent } from "./table.tsx";

export type Pair = { readonly at: number; readonly dense?: Condition; readonly cnn?: Condition };

const NETWORKS = ["dense", "cnn"] as const;

interface Props {
  pairs: readonly Pair[];
  /** Which one the slider is at. */
  chosen: number;
  x: { title: string; text(value: number): string; position(value: number): number };
  y: string;
}

/** Test accuracies of both networks over one setting, with bands, and the same as a table. */
export function TwoCurves({ pairs, chosen, x, y }: Props) {
  const { t, number } = useLanguage();
  const percent = usePercent(2);
  const values = (pair: Pair, name: (typeof NETWORKS)[number]) => pair[name]?.values.test_accuracy;
  const ends = pairs.flatMap((pair) =>
    NETWORKS.flatMap((name) => {
      const found = values(pair, name);
      return found ? (found.interval ?? [found.mean]).map((each) => 100 * each) : [];
    }),
  );
  const low = Math.floor(Math.min(...ends) - 1);
  const high = Math.min(100, Math.ceil(Math.max(...ends) + 1));
  const line = (scale: Scale, name: (typeof NETWORKS)[number]) => {
    const known = pairs.flatMap((pair) => {
      const found = values(pair, name);
      return found ? [{ at: pair.at, found }] : [];
    });
    return (
      <Line
        key={name}
        scale={scale}
        kind={name}
        points={known.map(({ at, found }) => [at, 100 * found.mean])}
        band={known.flatMap(({ at, found }) =>
          found.interval ? [[at, 100 * found.interval[0], 100 * found.interval[1]] as const] : [],
        )}
      />
    );
  };
  return (
    <>
      <Chart
        label={`${y}. ${x.title}`}
        x={{ ...x, ticks: pairs.map((each) => each.at) }}
        y={{ title: y, ticks: ticks(low, high), text: (value) => number(value), low, high }}
      >
        {(scale) => (
          <>
            <line
              class="marker"
              x1={scale.x(pairs[chosen].at)}
              x2={scale.x(pairs[chosen].at)}
              y1={scale.top}
              y2={scale.bottom}
            />
            {NETWORKS.map((name) => line(scale, name))}
          </>
        )}
      </Chart>
      <Legend entries={NETWORKS.map((name) => [name, t[name]] as const)} />
      <NumbersTable
        caption={`${y}, ${t.meanAndInterval}`}
        columns={[x.title, ...NETWORKS.map((name) => t[name]), "n"]}
        rows={pairs.map((pair) => [
          x.text(pair.at),
          ...NETWORKS.map((name) => percent(values(pair, name))),
          number(values(pair, "cnn")?.seeds.length ?? 0),
        ])}
      />
    </>
  );
}

/** Both networks' accuracies at the slider's place, as large numbers. */
export function TwoNumbers({ pair }: { pair: Pair }) {
  const { t } = useLanguage();
  const percent = usePercent();
  return (
    <div class="two-numbers" role="status">
      {NETWORKS.map((name) => {
        const [mean, ...interval] = percent(pair[name]?.values.test_accuracy).split(" [");
        return (
          <p key={name} class={name}>
            <span>{t[name]}</span>
            <strong>{mean} %</strong>
            {interval.length > 0 && <small>[{interval}</small>}
          </p>
        );
      })}
    </div>
  );
}

/** The conditions of both networks by one setting, ascending. */
export function paired(
  conditions: readonly Condition[],
  setting: (condition: Condition) => number | null,
): Pair[] {
  const byPlace = new Map<number, Pair>();
  for (const condition of conditions) {
    const at = setting(condition);
    if (at !== null) byPlace.set(at, { ...(byPlace.get(at) ?? { at }), [condition.model.family]: condition });
  }
  return [...byPlace.values()].sort((first, second) => first.at - second.at);
}
