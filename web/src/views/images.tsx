import { useNumber } from "../address.ts";
import { useLanguage } from "../language.tsx";
import { Finding } from "../parts/finding.tsx";
import { Guess } from "../parts/guess.tsx";
import { type Pair, paired, TwoCurves, TwoNumbers } from "../parts/two-curves.tsx";
import { meanInterval } from "../statistics/student.ts";
import type { Contrast, Study } from "../study.ts";
import { NotStored, View } from "./view.tsx";

/** How many training images an advantage is worth. */
export function TrainingImages({ number, study }: { number: number; study: Study }) {
  const { t, number: write } = useLanguage();
  const experiment = study.experiments["data-efficiency"];
  const pairs = experiment
    ? paired(Object.values(experiment.conditions), (each) => each.data.training_images)
    : [];
  const complete = pairs.filter((each) => each.dense && each.cnn);
  const [least, most] = [complete[0]?.at ?? 0, complete.at(-1)?.at ?? 0];
  return (
    <View
      name="images"
      number={number}
      question={t.images.question}
      lead={complete.length > 1 ? t.images.lead(write(least), write(most)) : ""}
    >
      {experiment && complete.length > 1 ? (
        <Guess
          name="images"
          question={t.images.predict(write(least))}
          options={t.luck.options}
          answer={winnerOf(experiment.contrasts[0])}
        >
          <Sizes pairs={complete} />
          <Finding experiment={experiment} names={experiment.contrasts.map((each) => each.name)} />
        </Guess>
      ) : (
        <NotStored experiment="data-efficiency" />
      )}
    </View>
  );
}

function winnerOf(contrast: Contrast | undefined): string | null {
  const winners: Record<string, string> = { better: "cnn", worse: "dense", equivalent: "equal" };
  return (contrast && winners[contrast.verdict]) ?? null;
}

function Sizes({ pairs }: { pairs: readonly Pair[] }) {
  const { t, number } = useLanguage();
  const [chosen, setChosen] = useNumber("size", 0, 0, pairs.length - 1);
  const pair = pairs[chosen];
  return (
    <>
      <label class="slider wide">
        <span>{t.images.slider}</span>
        <input
          type="range"
          min={0}
          max={pairs.length - 1}
          value={chosen}
          aria-valuetext={t.images.value(number(pair.at))}
          onInput={(event) => setChosen(Number(event.currentTarget.value))}
        />
        <output>{number(pair.at)}</output>
      </label>
      <TwoNumbers pair={pair} />
      <Worth pairs={pairs} pair={pair} />
      <TwoCurves
        pairs={pairs}
        chosen={chosen}
        x={{ title: t.images.x, text: (value) => number(value), position: Math.log }}
        y={t.images.y}
      />
    </>
  );
}

/** The difference at one size, and between which sizes the dense network is as accurate as the CNN there. */
function Worth({ pairs, pair }: { pairs: readonly Pair[]; pair: Pair }) {
  const { t, number } = useLanguage();
  const accuracy = (each: Pair, name: "dense" | "cnn") => each[name]?.values.test_accuracy;
  const [dense, cnn] = [accuracy(pair, "dense"), accuracy(pair, "cnn")];
  if (!dense || !cnn) return null;
  const shared = cnn.seeds.flatMap((seed, index) => {
    const other = dense.seeds.indexOf(seed);
    return other < 0 ? [] : [cnn.bySeed[index] - dense.bySeed[other]];
  });
  const interval = meanInterval(shared);
  const points = (value: number) => number(100 * value, 2, true);
  const reached = pairs.findIndex((each) => (accuracy(each, "dense")?.mean ?? 0) >= cnn.mean);
  const at = number(pair.at);
  return (
    <p>
      {interval &&
        t.images.difference(points(cnn.mean - dense.mean), points(interval[0]), points(interval[1]))}{" "}
      {reached < 0
        ? t.images.beyond(at, number(pairs[pairs.length - 1].at))
        : reached === 0
          ? t.images.before(at, number(pairs[0].at))
          : t.images.needs(at, number(pairs[reached - 1].at), number(pairs[reached].at))}
    </p>
  );
}
