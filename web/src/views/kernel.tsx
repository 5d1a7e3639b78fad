import { useId } from "preact/hooks";
import { useAddress } from "../address.ts";
import { useLanguage } from "../language.tsx";
import { Chart, Line, ticks } from "../parts/chart.tsx";
import { Finding } from "../parts/finding.tsx";
import { Guess } from "../parts/guess.tsx";
import { Picture } from "../parts/picture.tsx";
import { NumbersTable, usePercent } from "../parts/table.tsx";
import type { Images } from "../resources.ts";
import type { Condition, Experiment, Study } from "../study.ts";
import { NotStored, View } from "./view.tsx";

const MATCHINGS = ["equal width", "equal parameters", "equal multiply-adds"] as const;
type Matching = (typeof MATCHINGS)[number];

interface Sized {
  readonly size: number;
  readonly condition: Condition;
}

interface Props {
  number: number;
  study: Study;
  images: Images | null;
}

/** The conditions that hold one thing equal, by size; the base has the smallest name of all. */
function sizes(experiment: Experiment, matching: Matching): Sized[] {
  return Object.entries(experiment.conditions)
    .filter(([name]) => name.endsWith(` at ${matching}`) || !name.includes(" "))
    .map(([, condition]) => ({ size: condition.model.kernel_size ?? 0, condition }))
    .sort((first, second) => first.size - second.size);
}

const mean = (sized: Sized) => sized.condition.values.test_accuracy.mean;
const side = (size: number) => `${size}x${size}`;

/** Compare kernel sizes under three ways of being fair. */
export function Kernel({ number, study, images }: Props) {
  const { t } = useLanguage();
  const experiment = study.experiments["kernel-size"];
  const wide = experiment ? sizes(experiment, "equal width") : [];
  if (!experiment || wide.length < 2) {
    return (
      <View name="kernel" number={number} question={t.kernel.question} lead={t.kernel.lead}>
        <NotStored experiment="kernel-size" />
      </View>
    );
  }
  const best = wide.reduce((first, second) => (mean(second) > mean(first) ? second : first));
  const options = Object.fromEntries(wide.map(({ size }) => [side(size), side(size)]));
  return (
    <View name="kernel" number={number} question={t.kernel.question} lead={t.kernel.lead}>
      <Guess name="kernel" question={t.kernel.predict} options={options} answer={side(best.size)}>
        <p>{t.kernel.best(side(best.size))}</p>
        <Sizes experiment={experiment} study={study} images={images} />
        <Finding experiment={experiment} names={experiment.contrasts.map((each) => each.name)} />
      </Guess>
    </View>
  );
}

function Sizes({ experiment, study, images }: { experiment: Experiment; study: Study; images: Images | null }) {
  const { t, number } = useLanguage();
  const percent = usePercent(2);
  const group = useId();
  const [chosenMatching, setMatching] = useAddress("equal", MATCHINGS[0]);
  const matching = MATCHINGS.find((each) => each === chosenMatching) ?? MATCHINGS[0];
  const shown = sizes(experiment, matching);
  const [chosenSize, setSize] = useAddress("kernel", side(shown[1].size));
  const index = Math.max(0, shown.findIndex((each) => side(each.size) === chosenSize));
  const { size, condition } = shown[index];
  const drawn = shown.filter((each) => each.size > 1);
  const ends = MATCHINGS.flatMap((each) => sizes(experiment, each))
    .filter((each) => each.size > 1)
    .flatMap(({ condition: each }) => each.values.test_accuracy.interval ?? [each.values.test_accuracy.mean])
    .map((each) => 100 * each);
  const [low, high] = [Math.floor(Math.min(...ends) - 0.2), Math.ceil(Math.max(...ends) + 0.2)];
  return (
    <>
      <fieldset class="choice">
        <legend>{t.kernel.equal}</legend>
        {MATCHINGS.map((each) => (
          <label key={each}>
            <input
              type="radio"
              name={group}
              value={each}
              checked={matching === each}
              onChange={() => setMatching(each)}
            />
            <span>{t.kernel.matchings[each]}</span>
          </label>
        ))}
      </fieldset>
      <label class="slider wide">
        <span>{t.kernel.size}</span>
        <input
          type="range"
          min={0}
          max={shown.length - 1}
          value={index}
          aria-valuetext={side(size)}
          onInput={(event) => setSize(side(shown[Number(event.currentTarget.value)].size))}
        />
        <output>{side(size)}</output>
      </label>
      <dl class="facts">
        <div>
          <dt>{t.kernel.accuracy}</dt>
          <dd>{percent(condition.values.test_accuracy)} %</dd>
        </div>
        <div>
          <dt>{t.kernel.parameters}</dt>
          <dd>{condition.parameters === null ? "–" : number(condition.parameters)}</dd>
        </div>
        <div>
          <dt>{t.kernel.multiplyAdds}</dt>
          <dd>{number(condition.multiplyAdds)}</dd>
        </div>
      </dl>
      <FieldPicture study={study} images={images} size={size} />
      <Chart
        label={`${t.kernel.y}. ${t.kernel.x}`}
        x={{ title: t.kernel.x, ticks: drawn.map((each) => each.size), text: (value) => number(value) }}
        y={{ title: t.kernel.y, ticks: ticks(low, high), text: (value) => number(value), low, high }}
      >
        {(scale) => (
          <>
            {size > 1 && (
              <line class="marker" x1={scale.x(size)} x2={scale.x(size)} y1={scale.top} y2={scale.bottom} />
            )}
            <Line
              scale={scale}
              kind="cnn"
              points={drawn.map((each) => [each.size, 100 * mean(each)])}
              band={drawn.flatMap(({ size: at, condition: { values } }) => {
                const { interval } = values.test_accuracy;
                return interval ? [[at, 100 * interval[0], 100 * interval[1]] as const] : [];
              })}
            />
          </>
        )}
      </Chart>
      <p class="small">{t.kernel.without}</p>
      <NumbersTable
        caption={`${t.kernel.y}, ${t.meanAndInterval}`}
        columns={[t.kernel.size, t.kernel.y, t.kernel.parameters, t.kernel.multiplyAdds, "n"]}
        rows={shown.map((each) => [
          side(each.size),
          percent(each.condition.values.test_accuracy),
          number(each.condition.parameters ?? 0),
          number(each.condition.multiplyAdds),
          number(each.condition.runs.length),
        ])}
      />
    </>
  );
}

/** What a unit of the last map can see, and the part that half of its influence comes from. */
function FieldPicture({ study, images, size }: { study: Study; images: Images | null; size: number }) {
  const { t, number } = useLanguage();
  const fields = Object.values(study.experiments["receptive-field"]?.conditions ?? {});
  const values = fields.find((each) => each.model.kernel_size === size)?.values;
  const [theory, half] = [values?.theoretical_field?.mean, values?.effective_field_50?.mean];
  if (theory === undefined || half === undefined) return <p class="small">{t.kernel.fieldUnknown}</p>;
  const whole = study.study.side;
  const square = (length: number, kind: string) => (
    <rect class={kind} x={(whole - length) / 2} y={(whole - length) / 2} width={length} height={length} />
  );
  return (
    <div class="field">
      {images && (
        <div class="marked">
          <Picture picture={images.pictures[0]} label={t.kernel.fieldPicture} />
          <svg class="mark" viewBox={`0 0 ${whole} ${whole}`} aria-hidden="true">
            {square(theory, "outer")}
            {square(half, "inner")}
          </svg>
        </div>
      )}
      <p>{t.kernel.field(number(theory), number(half, 1))}</p>
    </div>
  );
}
