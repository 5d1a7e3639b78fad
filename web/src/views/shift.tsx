import { useId } from "preact/hooks";
import { change, useAddress } from "../address.ts";
import { useLanguage } from "../language.tsx";
import { Chart, Legend, Line, ticks } from "../parts/chart.tsx";
import { Finding } from "../parts/finding.tsx";
import { NumbersTable, usePercent } from "../parts/table.tsx";
import type { Experiment, Study, Values } from "../study.ts";
import { useYours } from "../yours/context.tsx";
import { NotStored, View } from "./view.tsx";

const DRAWN = ["dense", "cnn"] as const;
type Drawn = (typeof DRAWN)[number];
const NAME = "accuracy_at_shift_";

/** A condition's accuracies, shift by shift from none. */
export function curveOf(experiment: Experiment, condition: string): Values[] {
  const values = experiment.conditions[condition]?.values ?? {};
  const found = [];
  for (let shift = 0; `${NAME}${shift}` in values; shift += 1) found.push(values[`${NAME}${shift}`]);
  return found;
}

/** Draw the accuracy of shifted images before the study's is shown. */
export function Shift({ number, study }: { number: number; study: Study }) {
  const { t, number: write } = useLanguage();
  const experiment = study.experiments.shift;
  const most = experiment ? curveOf(experiment, DRAWN[0]).length - 1 : -1;
  return (
    <View name="shift" number={number} question={t.shift.question} lead={t.shift.lead(write(Math.max(most, 0)))}>
      {experiment && most > 0 && curveOf(experiment, DRAWN[1]).length > most ? (
        <Curves experiment={experiment} most={most} />
      ) : (
        <NotStored experiment="shift" />
      )}
    </View>
  );
}

/** The reader's curve from the address: percents, one per shift; the first is known beforehand. */
function useCurve(name: Drawn, start: number, most: number): number[] {
  const [text] = useAddress(`curve-${name}`, "");
  const numbers = text.split(".").map(Number);
  const valid = numbers.length === most && numbers.every((each) => each >= 0 && each <= 100);
  return [start, ...(valid && text ? numbers : Array.from({ length: most }, () => Math.round(start)))];
}

function Curves({ experiment, most }: { experiment: Experiment; most: number }) {
  const { t, number, capital } = useLanguage();
  const percent = usePercent();
  const [drawing, setDrawing] = useAddress("curve", "dense");
  const [shown, setShown] = useAddress("compared", "");
  const active: Drawn = drawing === "cnn" ? "cnn" : "dense";
  const measured = { dense: curveOf(experiment, "dense"), cnn: curveOf(experiment, "cnn") };
  const guessed = {
    dense: useCurve("dense", 100 * measured.dense[0].mean, most),
    cnn: useCurve("cnn", 100 * measured.cnn[0].mean, most),
  };
  const set = (name: Drawn, shift: number, value: number) => {
    if (shift === 0) return;
    const curve = guessed[name].slice(1);
    curve[shift - 1] = Math.round(Math.min(Math.max(value, 0), 100));
    change({ [`curve-${name}`]: curve.join(".") });
  };
  const shifts = Array.from({ length: most + 1 }, (_, shift) => shift);
  const revealed = shown === "1";
  const { shifted } = useYours();
  return (
    <>
      <ChooseCurve active={active} onChoose={setDrawing} />
      <Chart
        label={t.shift.question}
        x={{ title: t.shift.x, ticks: shifts, text: (value) => number(value) }}
        y={{ title: t.shift.y, ticks: ticks(0, 100), text: (value) => number(value), low: 0, high: 100 }}
        onDraw={(shift, value) => set(active, shift, value)}
      >
        {(scale) => (
          <>
            {DRAWN.map((name) => (
              <g key={name}>
                {revealed && (
                  <Line
                    scale={scale}
                    kind={name}
                    points={measured[name].map((each, shift) => [shift, 100 * each.mean])}
                    band={measured[name].flatMap((each, shift) =>
                      each.interval ? [[shift, 100 * each.interval[0], 100 * each.interval[1]] as const] : [],
                    )}
                  />
                )}
                <Line scale={scale} kind={`${name} yours`} points={guessed[name].map((each, shift) => [shift, each])} />
              </g>
            ))}
            {revealed && shifted.length > 0 && (
              <Line
                scale={scale}
                kind="brought"
                points={shifted.map(({ distance, accuracy }) => [distance, 100 * accuracy])}
                band={shifted.map(({ distance, interval }) => [distance, 100 * interval[0], 100 * interval[1]])}
              />
            )}
            {shifts.slice(1).map((shift) => (
              <circle
                key={shift}
                class={`handle ${active}`}
                cx={scale.x(shift)}
                cy={scale.y(guessed[active][shift])}
                r={9}
                tabindex={0}
                role="slider"
                aria-label={t.shift.point(t[active], number(shift))}
                aria-valuemin={0}
                aria-valuemax={100}
                aria-valuenow={guessed[active][shift]}
                aria-valuetext={`${number(guessed[active][shift])} %`}
                onKeyDown={(event) => {
                  const steps: Record<string, number> = {
                    ArrowUp: 1,
                    ArrowDown: -1,
                    ArrowRight: 1,
                    ArrowLeft: -1,
                    PageUp: 10,
                    PageDown: -10,
                    Home: -100,
                    End: 100,
                  };
                  if (!(event.key in steps)) return;
                  event.preventDefault();
                  set(active, shift, guessed[active][shift] + steps[event.key]);
                }}
              />
            ))}
          </>
        )}
      </Chart>
      <Legend
        entries={[
          ...DRAWN.flatMap((name) => [
            ...(revealed ? [[name, t[name]] as const] : []),
            [`${name} yours`, t.shift.yours(t[name])] as const,
          ]),
          ...(revealed && shifted.length > 0
            ? [["brought", t.bring.here(number(shifted[0].images))] as const]
            : []),
        ]}
      />
      <p class="buttons">
        <button type="button" class="main" onClick={() => setShown("1")} disabled={revealed}>
          {t.shift.compare}
        </button>{" "}
        <button
          type="button"
          onClick={() => change({ compared: null, "curve-dense": null, "curve-cnn": null })}
        >
          {t.shift.clear}
        </button>
      </p>
      {revealed && (
        <div class="revealed" role="status">
          <p class="small">{t.shift.band}</p>
          {shifted.length > 0 && <p class="small">{t.bring.limits}</p>}
          {DRAWN.map((name) => {
            const [first, last] = [measured[name][0].mean, measured[name][most].mean];
            const off = measured[name].reduce(
              (sum, each, shift) => sum + Math.abs(100 * each.mean - guessed[name][shift]) / most,
              0,
            );
            return (
              <p key={name}>
                {capital(
                  t.shift.fall(
                    t[name],
                    number(100 * first, 1),
                    number(100 * last, 1),
                    number(100 * (first - last), 1),
                  ),
                )}{" "}
                {t.shift.off(number(off, 1))}
              </p>
            );
          })}
          <NumbersTable
            caption={`${t.shift.y}, ${t.meanAndInterval}, ${t.seeds(number(measured.cnn[0].seeds.length))}`}
            columns={[t.move.network, ...shifts.map((each) => number(each))]}
            rows={Object.keys(experiment.conditions).map((name) => [
              capital(t.condition(name)),
              ...curveOf(experiment, name).map((each) => percent(each)),
            ])}
          />
          <Finding experiment={experiment} names={["cnn-over-shift-trained-dense", "blur-over-max-pooling"]} />
        </div>
      )}
    </>
  );
}

function ChooseCurve({ active, onChoose }: { active: Drawn; onChoose(name: Drawn): void }) {
  const { t } = useLanguage();
  const group = useId();
  return (
    <fieldset class="choice">
      <legend>{t.shift.drawFor}</legend>
      {DRAWN.map((name) => (
        <label key={name} class={name}>
          <input type="radio" name={group} value={name} checked={active === name} onChange={() => onChoose(name)} />
          <span>{t[name]}</span>
        </label>
      ))}
    </fieldset>
  );
}
