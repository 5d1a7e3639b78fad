import { useId } from "preact/hooks";
import { change, useAddress } from "../address.ts";
import { useLanguage } from "../language.tsx";
import { Chart, Legend, Line, ticks } from "../parts/chart.tsx";
import { Finding } from "../parts/finding.tsx";
import { NumbersTable, usePercent } from "../parts/table.tsx";
import { type Experiment, type Rival, RIVALS, type Study, type Values } from "../study.ts";
import { OfTheStudy, useNames, useYours } from "../yours/context.tsx";
import { NotStored, View } from "./view.tsx";

const NAME = "accuracy_at_shift_";

/** A mean, and its interval where there is one. */
type Point = Pick<Values, "mean" | "interval">;

/** A condition's accuracies, shift by shift from none. */
export function curveOf(experiment: Experiment, condition: string): Values[] {
  const values = experiment.conditions[condition]?.values ?? {};
  const found = [];
  for (let shift = 0; `${NAME}${shift}` in values; shift += 1) found.push(values[`${NAME}${shift}`]);
  return found;
}

/** The largest shift at which both rivals were measured; 0 where none was. */
export function mostShift({ experiments: { shift } }: Study): number {
  return shift ? Math.max(Math.min(...RIVALS.map((name) => curveOf(shift, name).length)) - 1, 0) : 0;
}

/** Draw the accuracy of shifted images before the study's is shown. */
export function Shift({ number, study }: { number: number; study: Study }) {
  const { t, number: write } = useLanguage();
  const experiment = study.experiments.shift;
  const most = mostShift(study);
  return (
    <View name="shift" number={number} question={t.shift.question} lead={t.shift.lead(write(most))}>
      {experiment && most > 0 ? (
        <Curves experiment={experiment} most={most} />
      ) : (
        <NotStored experiment="shift" />
      )}
    </View>
  );
}

/** The reader's curve from the address: percents, one per shift; the first is known beforehand. */
function useCurve(name: Rival, start: number, most: number): number[] {
  const [text] = useAddress(`curve-${name}`, "");
  const numbers = text.split(".").map(Number);
  const valid = numbers.length === most && numbers.every((each) => each >= 0 && each <= 100);
  return [start, ...(valid && text ? numbers : Array.from({ length: most }, () => Math.round(start)))];
}

function Curves({ experiment, most }: { experiment: Experiment; most: number }) {
  const { t, number, capital } = useLanguage();
  const percent = usePercent();
  const [drawing, setDrawing] = useAddress("curve", "dense");
  const [compared, setCompared] = useAddress("compared", "");
  const active: Rival = drawing === "cnn" ? "cnn" : "dense";
  const { network, shifted, place } = useYours();
  const nameOf = useNames();
  // The reader's own network takes the place of a rival as soon as something of it is measured.
  const replaced = shifted.length > 0 ? place : null;
  const curve = (name: Rival): readonly Point[] =>
    name === replaced
      ? shifted.map(({ accuracy, interval }) => ({ mean: accuracy, interval }))
      : curveOf(experiment, name);
  const measured = { dense: curve("dense"), cnn: curve("cnn") };
  const shown = (name: Rival) => (name === replaced ? "yours" : name);
  const kind = (name: Rival) => (name === replaced ? "brought" : name);
  const guessed = {
    dense: useCurve("dense", 100 * measured.dense[0].mean, most),
    cnn: useCurve("cnn", 100 * measured.cnn[0].mean, most),
  };
  const set = (name: Rival, shift: number, value: number) => {
    if (shift === 0) return;
    const curve = guessed[name].slice(1);
    curve[shift - 1] = Math.round(Math.min(Math.max(value, 0), 100));
    change({ [`curve-${name}`]: curve.join(".") });
  };
  const written = (name: Rival) =>
    name === replaced ? t.bring.here(nameOf("yours"), number(shifted[0].images)) : t[name];
  const shifts = Array.from({ length: most + 1 }, (_, shift) => shift);
  const revealed = compared === "1";
  return (
    <>
      {network && place && !replaced && (
        <p class="small">{t.shift.measuring(nameOf("yours"), t[place])}</p>
      )}
      <ChooseCurve active={active} nameOf={(name) => nameOf(shown(name))} onChoose={setDrawing} />
      <Chart
        label={t.shift.question}
        x={{ title: t.shift.x, ticks: shifts, text: (value) => number(value) }}
        y={{ title: t.shift.y, ticks: ticks(0, 100), text: (value) => number(value), low: 0, high: 100 }}
        onDraw={(shift, value) => set(active, shift, value)}
      >
        {(scale) => (
          <>
            {RIVALS.map((name) => (
              <g key={name}>
                {revealed && (
                  <Line
                    scale={scale}
                    kind={kind(name)}
                    points={measured[name].map((each, shift) => [shift, 100 * each.mean])}
                    band={measured[name].flatMap((each, shift) =>
                      each.interval ? [[shift, 100 * each.interval[0], 100 * each.interval[1]] as const] : [],
                    )}
                  />
                )}
                <Line scale={scale} kind={`${kind(name)} yours`} points={guessed[name].map((each, shift) => [shift, each])} />
              </g>
            ))}
            {shifts.slice(1).map((shift) => (
              <circle
                key={shift}
                class={`handle ${kind(active)}`}
                cx={scale.x(shift)}
                cy={scale.y(guessed[active][shift])}
                r={9}
                tabindex={0}
                role="slider"
                aria-label={t.shift.point(nameOf(shown(active)), number(shift))}
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
          ...RIVALS.flatMap((name) => [
            ...(revealed ? [[kind(name), written(name)] as const] : []),
            [`${kind(name)} yours`, t.shift.yours(nameOf(shown(name)))] as const,
          ]),
        ]}
      />
      <p class="buttons">
        <button type="button" class="main" onClick={() => setCompared("1")} disabled={revealed}>
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
          {RIVALS.filter((name) => measured[name].length > most).map((name) => {
            const [first, last] = [measured[name][0].mean, measured[name][most].mean];
            const off = measured[name].reduce(
              (sum, each, shift) => sum + Math.abs(100 * each.mean - guessed[name][shift]) / most,
              0,
            );
            return (
              <p key={name}>
                {capital(
                  t.shift.fall(
                    nameOf(shown(name)),
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
            caption={`${t.shift.y}, ${t.meanAndInterval}, ${t.seeds(number(experiment.conditions.cnn.values[`${NAME}0`].seeds.length))}`}
            columns={[t.move.network, ...shifts.map((each) => number(each))]}
            rows={Object.keys(experiment.conditions).map((name) =>
              replaced && name === replaced
                ? [written(replaced), ...shifts.map((shift) => percent(measured[replaced][shift]))]
                : [capital(t.condition(name)), ...curveOf(experiment, name).map((each) => percent(each))],
            )}
          />
          <OfTheStudy />
          <Finding experiment={experiment} names={["cnn-over-shift-trained-dense", "blur-over-max-pooling"]} />
        </div>
      )}
    </>
  );
}

interface ChooseCurveProps {
  active: Rival;
  nameOf(name: Rival): string;
  onChoose(name: Rival): void;
}

function ChooseCurve({ active, nameOf, onChoose }: ChooseCurveProps) {
  const { t } = useLanguage();
  const group = useId();
  return (
    <fieldset class="choice">
      <legend>{t.shift.drawFor}</legend>
      {RIVALS.map((name) => (
        <label key={name}>
          <input type="radio" name={group} value={name} checked={active === name} onChange={() => onChoose(name)} />
          <span>{nameOf(name)}</span>
        </label>
      ))}
    </fieldset>
  );
}
