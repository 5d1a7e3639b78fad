import { useState } from "preact/hooks";
import { useLanguage } from "../language.tsx";
import { DropFile } from "../parts/drop-file.tsx";
import { Finding } from "../parts/finding.tsx";
import { Guess } from "../parts/guess.tsx";
import { usePercent } from "../parts/table.tsx";
import { moved } from "../picture/moved.ts";
import type { Images } from "../resources.ts";
import type { Study, Values } from "../study.ts";
import { useYours, type Yours } from "../yours/context.tsx";
import { ModelError, type ModelTrouble, openModel } from "../yours/model.ts";
import { shiftedAccuracies } from "../yours/shifted.ts";
import { curveOf } from "./shift.tsx";
import { View } from "./view.tsx";

const TRIED = 2; // images on which a network is tried when it is opened

interface Props {
  number: number;
  study: Study;
  images: Images | null;
  onYours(change: (before: Yours) => Yours): void;
}

/** A network that the reader brings. */
export function Bring({ number, study, images, onYours }: Props) {
  const { t, number: write } = useLanguage();
  const { shifted } = useYours();
  const experiment = study.experiments.shift;
  const stored = experiment
    ? { dense: curveOf(experiment, "dense"), cnn: curveOf(experiment, "cnn") }
    : { dense: [], cnn: [] };
  const most = Math.max(Math.min(stored.dense.length, stored.cnn.length) - 1, 0);
  const last = shifted.find((each) => each.distance === most);
  const [dense, cnn] = [stored.dense[most], stored.cnn[most]];
  const [low, high] = dense && cnn ? [dense.mean, cnn.mean].sort((one, other) => one - other) : [0, 1];
  const answer = !last || most === 0 ? null : last.accuracy < low ? "below" : last.accuracy > high ? "above" : "between";
  const bring = <Choose study={study} images={images} most={most} onYours={onYours} />;
  return (
    <View name="bring" number={number} question={t.bring.question} lead={t.bring.lead}>
      {most > 0 ? (
        <Guess
          name="bring"
          question={t.bring.predict(write(most))}
          options={t.bring.options}
          answer={answer}
          unanswered={t.bring.unmeasured}
          between={bring}
        >
          <Measured stored={stored} />
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
  most: number;
  onYours(change: (before: Yours) => Yours): void;
}

function Choose({ study, images, most, onYours }: ChooseProps) {
  const { t, number } = useLanguage();
  const { network } = useYours();
  const { side, channels, classes } = study.study;
  const [trouble, setTrouble] = useState<readonly [ModelTrouble, string] | null>(null);
  const [opening, setOpening] = useState(false);
  if (!images) return <p class="notice">{t.bring.needs}</p>;
  if (!study.onnxRuntime) return <p class="notice">{t.bring.add}</p>;
  const take = async (file: File) => {
    setOpening(true);
    setTrouble(null);
    try {
      const tried = images.pictures.slice(0, TRIED).map((each) => moved(each, side, 0, 0));
      const opened = await openModel(file, { side, channels, classes: classes.length }, tried);
      onYours(({ network: before }) => {
        before?.release();
        return { network: opened, shifted: [] };
      });
      setOpening(false);
      for await (const measured of shiftedAccuracies(opened, images, study, most)) {
        onYours((before) =>
          before.network === opened ? { ...before, shifted: [...before.shifted, measured] } : before,
        );
      }
    } catch (error) {
      setTrouble(error instanceof ModelError ? [error.trouble, error.message] : ["unreadable", String(error)]);
    }
    setOpening(false);
  };
  const shapes = [`N x ${side} x ${side} x ${channels}`, `N x ${channels} x ${side} x ${side}`] as const;
  return (
    <div class="bring">
      <DropFile label={t.bring.choose} accept=".onnx" onFile={take} />
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
    </div>
  );
}

function Measured({ stored }: { stored: Readonly<Record<"dense" | "cnn", readonly Values[]>> }) {
  const { t, number } = useLanguage();
  const percent = usePercent();
  const { network, shifted } = useYours();
  if (!network) return <p>{t.bring.unmeasured}</p>;
  return (
    <>
      <div class="scroll" tabIndex={0} role="group" aria-label={t.bring.table}>
        <table class="few">
          <caption>{t.bring.table}</caption>
          <thead>
            <tr>
              <th scope="col">{t.shift.x}</th>
              <th scope="col">{t.bring.here(number(shifted[0]?.images ?? 0))}</th>
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
