import { useLanguage } from "../language.tsx";
import type { Contrast, Experiment } from "../study.ts";

/** A p-value as the study writes it. */
function pText(value: number, number: (value: number, digits: number) => string): string {
  return value < 0.001 ? `< ${number(0.001, 3)}` : `= ${number(value, value < 0.01 ? 3 : 2)}`;
}

/** Contrasts with verdict, interval, number of seeds and the runs behind them. */
export function Finding({ experiment, names }: { experiment: Experiment; names: readonly string[] }) {
  const { t } = useLanguage();
  const shown = names.flatMap((name) => experiment.contrasts.filter((each) => each.name === name));
  if (shown.length === 0) return null;
  return (
    <section class="finding">
      <h3>{t.finding}</h3>
      {shown.map((contrast) => (
        <Found key={contrast.name} contrast={contrast} />
      ))}
      {experiment.notShown && (
        <p class="small">
          <strong>{t.notShown}:</strong> {t.notShownOf(experiment.title, experiment.notShown)}
        </p>
      )}
    </section>
  );
}

function Found({ contrast }: { contrast: Contrast }) {
  const { t, number, capital } = useLanguage();
  const { quantity, interval } = contrast;
  const write = (value: number, signed = false) => number(quantity.scale * value, quantity.digits, signed);
  const kind = contrast.verdict.split(" ")[0];
  return (
    <div class="found" data-contrast={contrast.name}>
      <p class="asked">{t.questions[contrast.name] ?? contrast.question}</p>
      <p>
        <span class={`verdict ${kind}`}>{t.verdicts[contrast.verdict]}</span>{" "}
        {capital(t.minus(t.condition(contrast.treatment), t.condition(contrast.baseline)))}:{" "}
        <strong>
          {write(contrast.difference, true)} {t.units[quantity.unit] ?? quantity.unit}
        </strong>
        {interval && ` [${write(interval[0], true)} ${t.to} ${write(interval[1], true)}]`}
      </p>
      <p class="small">
        {t.pairs(number(contrast.n))}; {contrast.overImages ? t.overBoth : t.overSeeds};{" "}
        {t.pValue(pText(contrast.adjustedPValue, number), contrast.comparisons)}
      </p>
      {contrast.remarks.map((remark) => (
        <p class="small" key={remark}>
          {t.remarks[remark] ?? remark}
        </p>
      ))}
      <details>
        <summary>{t.runs(number(contrast.runs.length))}</summary>
        <p class="keys">
          {contrast.runs.map((key) => (
            <code key={key}>{key}</code>
          ))}
        </p>
      </details>
    </div>
  );
}
