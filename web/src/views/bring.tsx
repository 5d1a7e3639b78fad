import { useId } from "preact/hooks";
import { useLanguage } from "../language.tsx";
import { DropFile } from "../parts/drop-file.tsx";
import { Finding } from "../parts/finding.tsx";
import { Guess } from "../parts/guess.tsx";
import { usePercent } from "../parts/table.tsx";
import type { Images } from "../resources.ts";
import { RIVALS, type Study, type Values } from "../study.ts";
import type { Brought } from "../yours/brought.ts";
import { OfTheStudy, useNames, useYours } from "../yours/context.tsx";
import { curveOf, mostShift } from "./shift.tsx";
import { View } from "./view.tsx";

interface Props {
  number: number;
  study: Study;
  images: Images | null;
  brought: Brought;
}

/** A network that the reader brings. */
export function Bring({ number, study, images, brought }: Props) {
  const { t, number: write } = useLanguage();
  const { shifted } = useYours();
  const experiment = study.experiments.shift;
  const stored = experiment
    ? { dense: curveOf(experiment, "dense"), cnn: curveOf(experiment, "cnn") }
    : { dense: [], cnn: [] };
  const most = mostShift(study);
  const last = shifted.find((each) => each.distance === most);
  const [dense, cnn] = [stored.dense[most], stored.cnn[most]];
  const [low, high] = dense && cnn ? [dense.mean, cnn.mean].sort((one, other) => one - other) : [0, 1];
  const answer = !last || most === 0 ? null : last.accuracy < low ? "below" : last.accuracy > high ? "above" : "between";
  const bring = <Choose study={study} images={images} brought={brought} />;
  return (
    <View name="bring" number={number} question={t.bring.question} lead={t.bring.lead}>
      {most > 0 ? (
        <Guess
          name="bring"
          question={t.bring.predict(write(most))}
          options={t.bring.options}
          answer={answer}
          unanswered={brought.network ? t.bring.unfinished : t.bring.unmeasured}
          between={bring}
        >
          <Measured stored={stored} />
          <OfTheStudy />
          {experiment && <Finding experiment={experiment} names={["cnn-more-consistent"]} />}
        </Guess>
      ) : (
        <>
          {bring}
          <Measured stored={stored} />
        </>
      )}
    </View>
  );
}

interface ChooseProps {
  study: Study;
  images: Images | null;
  brought: Brought;
}

function Choose({ study, images, brought }: ChooseProps) {
  const { t, number } = useLanguage();
  const { side, channels, classes } = study.study;
  if (!images) return <p class="notice">{t.bring.needs}</p>;
  if (!study.onnxRuntime) return <p class="notice">{t.bring.add}</p>;
  const { network, opening, trouble } = brought;
  const shapes = [`N x ${side} x ${side} x ${channels}`, `N x ${channels} x ${side} x ${side}`] as const;
  return (
    <div class="bring">
      <DropFile label={t.bring.choose} accept=".onnx" onFile={brought.take} />
      <p class="small">{t.bring.form(shapes[0], shapes[1], number(classes.length))}</p>
      <div role="status">
        {opening && <p>{t.bring.opening}</p>}
        {network && !opening && (
          <p>
            {t.bring.opened(network.name, network.layout === "rows-first" ? shapes[0] : shapes[1])}{" "}
            {network.probabilities ? t.bring.probabilities : t.bring.logits}
          </p>
        )}
      </div>
      {trouble && (
        <p class="notice" role="alert">
          {t.bring.troubles[trouble[0]](trouble[1], shapes.join(", "), number(classes.length))}
        </p>
      )}
      {network && <Place brought={brought} />}
      {network && <Measuring brought={brought} />}
    </div>
  );
}

/** In the place of which network the reader's own stands, and how it goes away again. */
function Place({ brought }: { brought: Brought }) {
  const { t } = useLanguage();
  const nameOf = useNames();
  const group = useId();
  const { place } = brought.yours;
  if (!place) return null;
  return (
    <>
      <fieldset class="choice">
        <legend>{t.bring.inPlace}</legend>
        {RIVALS.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name={group}
              value={name}
              checked={place === name}
              onChange={() => brought.setPlace(name)}
            />
            <span>{t[name]}</span>
          </label>
        ))}
      </fieldset>
      <p class="stands">{t.bring.stands(nameOf("yours"), t[place], [t.move.nav, t.shift.nav, t.look.nav])}</p>
      <p class="buttons">
        <button type="button" onClick={brought.remove}>
          {t.bring.remove(t[place])}
        </button>
      </p>
    </>
  );
}

function Measuring({ brought: { progress, fewer } }: { brought: Brought }) {
  const { t, number } = useLanguage();
  const complete = progress !== null && progress.done === progress.all;
  const text = progress ? t.bring.measuring(number(progress.done), number(progress.all)) : t.bring.loadingSample;
  return (
    <>
      {fewer && <p class="notice">{t.bring.fewer}</p>}
      {!complete && (
        <p class="measuring small">
          <progress max={progress?.all ?? 1} value={progress?.done ?? 0} aria-label={t.bring.table} /> {text}
        </p>
      )}
    </>
  );
}

function Measured({ stored }: { stored: Readonly<Record<"dense" | "cnn", readonly Values[]>> }) {
  const { t, number } = useLanguage();
  const percent = usePercent();
  const nameOf = useNames();
  const { network, shifted } = useYours();
  if (!network) return <p>{t.bring.unmeasured}</p>;
  if (shifted.length === 0) return <p>{t.bring.unfinished}</p>;
  return (
    <>
      <div class="scroll" tabIndex={0} role="group" aria-label={t.bring.table}>
        <table class="few">
          <caption>{t.bring.table}</caption>
          <thead>
            <tr>
              <th scope="col">{t.shift.x}</th>
              <th scope="col">{t.bring.here(nameOf("yours"), number(shifted[0].images))}</th>
              <th scope="col">{t.bring.stored(t.dense)}</th>
              <th scope="col">{t.bring.stored(t.cnn)}</th>
            </tr>
          </thead>
          <tbody>
            {shifted.map(({ distance, accuracy, interval }) => (
              <tr key={distance}>
                <th scope="row">{number(distance)}</th>
                <td data-accuracy={accuracy}>
                  {number(100 * accuracy, 1)} [{number(100 * interval[0], 1)} {t.to} {number(100 * interval[1], 1)}]
                </td>
                <td>{percent(stored.dense[distance])}</td>
                <td>{percent(stored.cnn[distance])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="small">{t.bring.limits}</p>
    </>
  );
}
