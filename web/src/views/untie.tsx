import { useId } from "preact/hooks";
import { useAddress, useNumber } from "../address.ts";
import { useLanguage } from "../language.tsx";
import { Chart, Line, ticks } from "../parts/chart.tsx";
import { Finding } from "../parts/finding.tsx";
import { Guess } from "../parts/guess.tsx";
import { NumbersTable, usePercent } from "../parts/table.tsx";
import type { Network } from "../resources.ts";
import type { Condition, Experiment, Study } from "../study.ts";
import { Connections, type Rung, RUNGS } from "./connections.tsx";
import { Filters } from "./filters.tsx";
import { NotStored, View } from "./view.tsx";

const STEPS = ["locality", "sharing", "averaging"] as const;
const LADDERS = ["parameter-matched", "channel-matched"] as const;
type Ladder = (typeof LADDERS)[number];

const CONDITIONS: Readonly<Record<Rung, string>> = {
  dense: "dense",
  local: "local + flatten",
  shared: "convolution + flatten",
  averaged: "convolution + average",
};

/** The conditions from the dense network to the CNN, one step at a time. */
function rungs(experiment: Experiment, ladder: Ladder): Condition[] {
  return RUNGS.flatMap((rung) => {
    const name = CONDITIONS[rung];
    const matched = ladder === "parameter-matched" && rung !== "dense" ? `${name} (matched)` : name;
    const found = experiment.conditions[matched];
    return found ? [found] : [];
  });
}

interface UntieProps {
  number: number;
  study: Study;
  /** Their first layers are shown. */
  networks: readonly Network[];
}

/** From a dense network to a CNN, one assumption at a time. */
export function Untie({ number, study, networks }: UntieProps) {
  const { t } = useLanguage();
  const experiment = study.experiments.sharing;
  const ladders = LADDERS.filter((each) => experiment && rungs(experiment, each).length === RUNGS.length);
  if (!experiment || ladders.length === 0) {
    return (
      <View name="untie" number={number} question={t.untie.question} lead={t.untie.lead}>
        <NotStored experiment="sharing" />
      </View>
    );
  }
  const steps = STEPS.flatMap((step) =>
    experiment.contrasts.filter((each) => each.name === `${step}-${ladders[0]}`),
  );
  const best = steps
    .filter((each) => each.verdict === "better")
    .reduce<(typeof steps)[number] | null>(
      (first, second) => (first && first.difference > second.difference ? first : second),
      null,
    );
  return (
    <View name="untie" number={number} question={t.untie.question} lead={t.untie.lead}>
      <Guess
        name="untie"
        question={t.untie.predict(t.untie.ladders[ladders[0]])}
        options={t.untie.options}
        answer={best ? best.name.split("-")[0] : null}
        between={<Ladders experiment={experiment} ladders={ladders} networks={networks} />}
      >
        <Accuracies experiment={experiment} ladders={ladders} />
        <Finding
          experiment={experiment}
          names={ladders.flatMap((ladder) => STEPS.map((step) => `${step}-${ladder}`))}
        />
      </Guess>
    </View>
  );
}

interface LaddersProps {
  experiment: Experiment;
  ladders: readonly Ladder[];
}

function useLadder(ladders: readonly Ladder[]): [Ladder, (ladder: string) => void] {
  const [chosen, choose] = useAddress("ladder", ladders[0]);
  return [ladders.find((each) => each === chosen) ?? ladders[0], choose];
}

function Ladders({ experiment, ladders, networks }: LaddersProps & { networks: readonly Network[] }) {
  const { t, number } = useLanguage();
  const group = useId();
  const [ladder, setLadder] = useLadder(ladders);
  const [at, setAt] = useNumber("rung", 0, 0, RUNGS.length - 1);
  const condition = rungs(experiment, ladder)[at];
  return (
    <>
      <label class="slider wide">
        <span>{t.untie.slider}</span>
        <input
          type="range"
          min={0}
          max={RUNGS.length - 1}
          value={at}
          aria-valuetext={t.untie.rungs[RUNGS[at]]}
          onInput={(event) => setAt(Number(event.currentTarget.value))}
        />
        <output>{t.untie.rungs[RUNGS[at]]}</output>
      </label>
      <Connections rung={RUNGS[at]} />
      <Filters networks={networks} rung={RUNGS[at]} />
      <fieldset class="choice">
        <legend>{t.untie.equal}</legend>
        {ladders.map((each) => (
          <label key={each}>
            <input
              type="radio"
              name={group}
              value={each}
              checked={ladder === each}
              onChange={() => setLadder(each)}
            />
            <span>{t.untie.ladders[each]}</span>
          </label>
        ))}
      </fieldset>
      <p>
        {t.untie.size(
          number(condition.parameters ?? 0),
          (condition.model.filters ?? []).map((each) => number(each)).join(" + "),
        )}
      </p>
    </>
  );
}

function Accuracies({ experiment, ladders }: LaddersProps) {
  const { t, number } = useLanguage();
  const percent = usePercent(2);
  const [ladder] = useLadder(ladders);
  const [at] = useNumber("rung", 0, 0, RUNGS.length - 1);
  const shown = rungs(experiment, ladder);
  const accuracies = shown.map((each) => each.values.test_accuracy);
  const ends = accuracies.flatMap((each) => each.interval ?? [each.mean]).map((each) => 100 * each);
  const [low, high] = [Math.floor(Math.min(...ends) - 0.2), Math.ceil(Math.max(...ends) + 0.2)];
  return (
    <>
      <p role="status" class="accuracy">
        {t.untie.accuracy(t.untie.rungs[RUNGS[at]], percent(accuracies[at]))}
      </p>
      <Chart
        label={`${t.untie.y}. ${t.untie.question}`}
        height={280}
        x={{ title: "", ticks: shown.map((_, index) => index), text: (value) => t.untie.short[RUNGS[value]] }}
        y={{ title: t.untie.y, ticks: ticks(low, high), text: (value) => number(value), low, high }}
      >
        {(scale) => (
          <>
            <line class="marker" x1={scale.x(at)} x2={scale.x(at)} y1={scale.top} y2={scale.bottom} />
            <Line
              scale={scale}
              kind="cnn"
              points={accuracies.map((each, index) => [index, 100 * each.mean])}
              band={accuracies.flatMap(({ interval }, index) =>
                interval ? [[index, 100 * interval[0], 100 * interval[1]] as const] : [],
              )}
            />
          </>
        )}
      </Chart>
      <NumbersTable
        caption={`${t.untie.y}, ${t.meanAndInterval}`}
        columns={[t.move.network, t.untie.y, t.kernel.parameters, "n"]}
        rows={shown.map((each, index) => [
          t.untie.rungs[RUNGS[index]],
          percent(accuracies[index]),
          number(each.parameters ?? 0),
          number(each.runs.length),
        ])}
      />
    </>
  );
}
