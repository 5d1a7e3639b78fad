import { useId } from "preact/hooks";
import { change, useAddress, useNumber } from "../address.ts";
import { useLanguage } from "../language.tsx";
import { Chart, Line, ticks } from "../parts/chart.tsx";
import { Finding } from "../parts/finding.tsx";
import { Guess } from "../parts/guess.tsx";
import { NumbersTable } from "../parts/table.tsx";
import { type Standing, standing } from "../statistics/verdict.ts";
import { contrastOf, type Experiment, type Study } from "../study.ts";
import { NotStored, View } from "./view.tsx";

const ACCURACY = "test_accuracy";
const FEWEST = 6; // pairs of seeds whose signs can all agree in fewer than 5 % of cases
const LARGEST_ORDER = 999;

interface Drawn {
  readonly seed: number;
  readonly difference: number;
}

/** Differences of two conditions over the seeds that both have, in the order of the seeds. */
function differences(experiment: Experiment | undefined, treatment: string, baseline: string): Drawn[] {
  const first = experiment?.conditions[treatment]?.values[ACCURACY];
  const second = experiment?.conditions[baseline]?.values[ACCURACY];
  if (!first || !second) return [];
  return first.seeds.flatMap((seed, index) => {
    const other = second.seeds.indexOf(seed);
    return other < 0 ? [] : [{ seed, difference: first.bySeed[index] - second.bySeed[other] }];
  });
}

/** The seeds in one of many orders, the same for everyone who follows a link; order 0 is their own. */
function ordered(drawn: readonly Drawn[], order: number): Drawn[] {
  const shuffled = [...drawn];
  let state = order;
  for (let index = shuffled.length - 1; order > 0 && index > 0; index -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (index + 1));
    [shuffled[index], shuffled[other]] = [shuffled[other], shuffled[index]];
  }
  return shuffled;
}

/** Draw seeds one after the other, and watch the verdict settle. */
export function Luck({ number, study }: { number: number; study: Study }) {
  const { t } = useLanguage();
  const { original, recipe } = study.experiments;
  const tuned = original ?? recipe;
  const samples: Record<string, Drawn[]> = {
    tuned: differences(tuned, "cnn-3x3", "dense"),
    classic: differences(recipe, "classic cnn-3x3", "classic dense"),
  };
  const asked = contrastOf(study, "recipe", "cnn-over-dense-accuracy-classic");
  return (
    <View name="luck" number={number} question={t.luck.question} lead={t.luck.lead}>
      {tuned && samples.tuned.length > 0 ? (
        <>
          {recipe && asked ? (
            <Guess
              name="luck"
              question={t.luck.predict}
              options={t.luck.options}
              answer={winner(samples.classic)}
              between={<Draw samples={samples} />}
            >
              {original && <Finding experiment={original} names={["cnn-over-dense-accuracy"]} />}
              <Finding experiment={recipe} names={[asked.name]} />
            </Guess>
          ) : (
            <>
              <Draw samples={samples} />
              <Finding experiment={tuned} names={["cnn-over-dense-accuracy"]} />
            </>
          )}
        </>
      ) : (
        <NotStored experiment="original" />
      )}
    </View>
  );
}

function winner(sample: readonly Drawn[]): string {
  const { verdict } = standing(sample.map((each) => each.difference), true);
  return { better: "cnn", worse: "dense", undecided: "equal" }[verdict];
}

function Draw({ samples }: { samples: Readonly<Record<string, readonly Drawn[]>> }) {
  const { t, number } = useLanguage();
  const group = useId();
  const [chosen, setChosen] = useAddress("recipe", "tuned");
  const recipe = chosen === "classic" && samples.classic.length > 0 ? "classic" : "tuned";
  const [order, setOrder] = useNumber("order", 0, 0, LARGEST_ORDER);
  const sample = ordered(samples[recipe], order);
  const [n, setN] = useNumber("seeds", 0, 0, sample.length);
  const drawn = sample.slice(0, n);
  const points = (value: number) => number(100 * value, 2, true);
  const history = drawn.map((_, index) =>
    standing(drawn.slice(0, index + 1).map((each) => each.difference), true),
  );
  const now = history.at(-1);
  const amount = (value: number) => `${points(value)} ${t.points}`;
  return (
    <div class="luck">
      <fieldset class="choice">
        <legend>{t.luck.recipe}</legend>
        {Object.keys(samples)
          .filter((name) => samples[name].length > 0)
          .map((name) => (
            <label key={name}>
              <input
                type="radio"
                name={group}
                value={name}
                checked={recipe === name}
                onChange={() => setChosen(name)}
              />
              <span>{t.luck.recipes[name]}</span>
            </label>
          ))}
      </fieldset>
      <p class="buttons">
        <button type="button" class="main" disabled={n >= sample.length} onClick={() => setN(n + 1)}>
          {t.luck.one}
        </button>{" "}
        <button type="button" disabled={n >= sample.length} onClick={() => setN(n + 3)}>
          {t.luck.three}
        </button>{" "}
        <button type="button" disabled={n >= sample.length} onClick={() => setN(sample.length)}>
          {t.luck.all}
        </button>{" "}
        <button
          type="button"
          onClick={() => {
            setOrder((order + 1) % LARGEST_ORDER);
            change({ seeds: null });
          }}
        >
          {t.luck.over}
        </button>
      </p>
      <div class="now" role="status">
        {now ? (
          <>
            <p>
              <span class={`verdict ${now.verdict}`}>{t.luck.verdicts[now.verdict]}</span>{" "}
              {t.luck.standing(amount(now.difference))}
            </p>
            <p class="small" data-n={now.n}>
              {t.luck.drawn(number(n), number(sample.length))}
              {now.interval && `; ${t.luck.interval(points(now.interval[0]), points(now.interval[1]))}`}
              {`; p = ${now.pValue < 1e-4 ? now.pValue.toExponential(1) : number(now.pValue, 4)}`}
            </p>
            {n < FEWEST && <p class="small">{t.luck.tooFew(number(FEWEST))}</p>}
          </>
        ) : (
          <p>{t.luck.none}</p>
        )}
      </div>
      <Funnel sample={sample} history={history} />
      <p class="small">{t.luck.dots}</p>
      <NumbersTable
        caption={t.luck.y}
        columns={["n", t.luck.y, "95 %", "p"]}
        rows={history.map((each) => [
          number(each.n),
          points(each.difference),
          each.interval ? `${points(each.interval[0])} ${t.to} ${points(each.interval[1])}` : "–",
          each.pValue.toPrecision(2),
        ])}
      />
      <p class="small">{t.luck.alone}</p>
    </div>
  );
}

function Funnel({ sample, history }: { sample: readonly Drawn[]; history: readonly Standing[] }) {
  const { t, number } = useLanguage();
  const all = sample.map((each) => 100 * each.difference);
  // Never nothing, as where all seeds agree.
  const room = Math.max(0.25 * (Math.max(...all) - Math.min(...all)), 0.2);
  const low = Math.min(0, ...all) - room;
  const high = Math.max(0, ...all) + room;
  const inside = (value: number) => Math.min(Math.max(value, low), high);
  const steps = ticks(0, sample.length, 6).filter((each) => each > 0 && Number.isInteger(each));
  return (
    <Chart
      label={t.luck.dots}
      height={300}
      x={{ title: t.luck.x, ticks: [1, ...steps.filter((each) => each > 1)], text: (value) => number(value) }}
      y={{ title: t.luck.y, ticks: ticks(low, high), text: (value) => number(value, 1), low, high }}
    >
      {(scale) => (
        <>
          <line class="zero" x1={scale.left} x2={scale.right} y1={scale.y(0)} y2={scale.y(0)} />
          <Line
            scale={scale}
            kind="mean"
            points={history.map((each) => [each.n, 100 * each.difference])}
            band={history.flatMap((each) =>
              each.interval
                ? [[each.n, inside(100 * each.interval[0]), inside(100 * each.interval[1])] as const]
                : [],
            )}
          />
          <g class="dots" aria-hidden="true">
            {history.map((each, index) => (
              <circle key={each.n} cx={scale.x(each.n)} cy={scale.y(all[index])} r={4} />
            ))}
          </g>
        </>
      )}
    </Chart>
  );
}
