import { useLanguage } from "../language.tsx";
import type { Values } from "../study.ts";

interface Props {
  caption: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** The numbers of a chart, folded. */
export function NumbersTable({ caption, columns, rows }: Props) {
  const { t } = useLanguage();
  return (
    <details class="numbers">
      <summary>{t.asTable}</summary>
      {/* Keyboards can scroll what has the focus. */}
      <div class="scroll" tabIndex={0} role="group" aria-label={caption}>
        <table>
          <caption>{caption}</caption>
          <thead>
            <tr>
              {columns.map((each) => (
                <th key={each} scope="col">
                  {each}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([head, ...cells]) => (
              <tr key={head}>
                <th scope="row">{head}</th>
                {cells.map((cell, index) => (
                  <td key={index}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

interface FewProps {
  caption: string;
  /** Of each network its name, a mean with its interval, and over how many seeds. */
  rows: readonly (readonly [string, string, number])[];
}

/** One percentage of a few networks; nothing where none is known. */
export function FewNumbers({ caption, rows }: FewProps) {
  const { t, number, capital } = useLanguage();
  if (rows.length === 0) return null;
  return (
    <table class="few">
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{t.move.network}</th>
          <th scope="col">% ({t.meanAndInterval})</th>
          <th scope="col">n</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, values, seeds]) => (
          <tr key={name}>
            <th scope="row">{capital(name)}</th>
            <td>{values}</td>
            <td>{number(seeds)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A function that writes a mean with its interval, in percent. */
export function usePercent(digits = 1): (values: Pick<Values, "mean" | "interval"> | undefined) => string {
  const { t, number } = useLanguage();
  return (values) => {
    if (!values) return "–";
    const mean = number(100 * values.mean, digits);
    if (!values.interval) return mean;
    const [low, high] = values.interval.map((end) => number(100 * end, digits));
    return `${mean} [${low} ${t.to} ${high}]`;
  };
}
