import { useMemo } from "preact/hooks";
import { change, useAddress, useNumber } from "../address.ts";
import { type Classifier, classifierOf, inPlace } from "../classifier.ts";
import { type Outcome, run } from "../forward/network.ts";
import type { Tensor } from "../forward/tensor.ts";
import { useLanguage } from "../language.tsx";
import { ChooseImage } from "../parts/choose-image.tsx";
import { Finding } from "../parts/finding.tsx";
import { Guess } from "../parts/guess.tsx";
import { FewNumbers, usePercent } from "../parts/table.tsx";
import { moved } from "../picture/moved.ts";
import type { Images, Network } from "../resources.ts";
import { contrastOf, RIVALS, type NetworkDescription, type Role, type Study } from "../study.ts";
import { OfTheStudy, useNames, useYours } from "../yours/context.tsx";
import { useSaid } from "../yours/said.ts";
import { AnswerCard, type AnswerProps } from "./answer-card.tsx";
import { Draggable } from "./draggable.tsx";
import { accountOf, accountsOf, Evidence } from "./evidence.tsx";
import { Maps, Units } from "./maps.tsx";
import { Places } from "./places.tsx";
import { NotStored, View } from "./view.tsx";

const MOST_STEPS = 6; // where the canvas has no margin
const CONDITIONS: Readonly<Record<Role, string>> = {
  dense: "dense",
  cnn: "cnn",
  steady: "circular polyphase cnn",
};
const MAIN = "cnn-more-consistent";
const CONTRASTS = [MAIN, "polyphase-over-circular"];

interface Props {
  number: number;
  study: Study;
  images: Images | null;
  networks: readonly Network[];
  /** Whether there is no network still to come. */
  complete: boolean;
}

/** Move a garment, and watch what networks make of it. */
export function Move({ number, study, images, networks, complete }: Props) {
  const { t } = useLanguage();
  const experiment = study.experiments.shift;
  const main = contrastOf(study, "shift", MAIN);
  const answer =
    main?.verdict === "better"
      ? "cnn"
      : main?.verdict === "worse"
        ? "dense"
        : main?.verdict === "equivalent"
          ? "equal"
          : null;
  const { network: yours } = useYours();
  const playground = images && (networks.length > 0 || yours) && (
    <Playground study={study} images={images} networks={networks} complete={complete} />
  );
  return (
    <View name="move" number={number} question={t.move.question} lead={t.move.lead}>
      {experiment ? (
        <Guess
          name="move"
          question={t.move.predict}
          options={t.move.options}
          answer={answer}
          between={playground}
        >
          <OfTheStudy />
          <Flips study={study} />
          <Finding experiment={experiment} names={CONTRASTS} />
        </Guess>
      ) : (
        <>
          {playground}
          <NotStored experiment="shift" />
        </>
      )}
    </View>
  );
}

function Flips({ study }: { study: Study }) {
  const { t } = useLanguage();
  const percent = usePercent();
  const rows = Object.entries(CONDITIONS).flatMap(([role, name]) => {
    const values = study.experiments.shift?.conditions[name]?.values.one_pixel_flip_probability;
    return values ? [[t[role as Role], percent(values), values.seeds.length] as const] : [];
  });
  return <FewNumbers caption={t.move.flipTable} rows={rows} />;
}

interface PlaygroundProps {
  study: Study;
  images: Images;
  networks: readonly Network[];
  complete: boolean;
}

function Playground({ study, images, networks, complete }: PlaygroundProps) {
  const { t, number, capital } = useLanguage();
  const nameOf = useNames();
  const { network: yours, place } = useYours();
  // Networks of one size take the same canvas; those with a margin lose no pixel.
  const side = Math.max(study.study.side, ...networks.map((each) => each.description.side));
  const shown = useMemo(
    () => networks.filter(({ description }) => description.side === side && description.role !== place),
    [networks, side, place],
  );
  const margin = (side - study.study.side) / 2;
  const most = margin > 0 ? Math.floor(margin) : MOST_STEPS;
  const usual = Math.max(images.names.indexOf("Ankle Boot"), 0);
  const [chosen] = useNumber("image", usual, 0, images.pictures.length - 1);
  const [right] = useNumber("right", 0, -most, most);
  const [down] = useNumber("down", 0, -most, most);
  const move = (across: number, along: number) => {
    const bounded = (value: number) => Math.min(Math.max(value, -most), most);
    const written = (value: number) => (value === 0 ? null : String(value));
    change({ right: written(bounded(across)), down: written(bounded(along)) });
  };
  const picture = images.pictures[chosen];
  const canvas = useMemo(() => moved(picture, side, right, down), [picture, side, right, down]);
  const outcomes = useMemo(() => shown.map((each) => run(each.layers, canvas)), [canvas, shown]);
  const label = images.names[chosen];
  const latest = useSaid(picture, right, down);
  const said = latest?.picture === picture ? latest : null;
  const classifiers = useMemo(
    () => inPlace<Classifier>(shown.map(classifierOf), place, yours),
    [shown, place, yours],
  );
  // What does not follow the garment is not compared again at every step.
  const still = useMemo(
    () => (
      <>
        <Places classifiers={classifiers} picture={picture} most={most} />
        <ChooseImage
          images={images}
          chosen={chosen}
          onChoose={(index) =>
            change({ image: index === usual ? null : String(index), right: null, down: null })
          }
        />
      </>
    ),
    [classifiers, picture, most, images, usual],
  );
  const trained = ({ epochs, testAccuracy }: NetworkDescription) =>
    testAccuracy === null ? "" : t.move.trained(number(epochs), number(100 * testAccuracy, 1));
  const repeated = shown.flatMap(({ description: { role, studyAccuracy } }) =>
    studyAccuracy === null ? [] : [t.move.accuracyOf(t[role], number(100 * studyAccuracy, 1))],
  );
  const answers = inPlace<Omit<AnswerProps, "classes" | "label"> & { key: string }>(
    shown.map(({ description }, index) => ({
      key: description.run,
      role: description.role,
      probabilities: outcomes[index].probabilities,
      at: `${chosen} ${right} ${down}`,
      remark: trained(description),
    })),
    place,
    said && {
      key: said.network.key,
      role: "yours",
      probabilities: said.answer.probabilities,
      at: `${chosen} ${said.right} ${said.down}`,
      remark: t.bring.cut,
    },
  );
  return (
    <div class="playground">
      <div class="stage">
        <Draggable
          canvas={{ ...canvas, channels: picture.channels }}
          right={right}
          down={down}
          onMove={move}
        />
        <div class="sliders">
          <Slider text={t.move.right} value={right} most={most} onChange={(value) => move(value, down)} />
          <Slider text={t.move.down} value={down} most={most} onChange={(value) => move(right, value)} />
          <button type="button" onClick={() => move(0, 0)}>
            {t.move.reset}
          </button>
        </div>
        {margin <= 0 && <p class="small">{t.move.cut}</p>}
      </div>
      <div class="answers">
        <p class="truth">{t.move.truth(t.classes[label] ?? label)}</p>
        {answers.map(({ key, ...each }) => (
          <AnswerCard key={key} {...each} classes={study.study.classes} label={label} />
        ))}
        {shown.some((each) => each.description.role === "steady") && (
          <p class="small">{t.move.steadyWhy}</p>
        )}
        {repeated.length > 0 && <p class="small">{t.move.repeated(repeated.join(", "))}</p>}
        {RIVALS
          .filter((role) => complete && role !== place && !shown.some((each) => each.description.role === role))
          .map((role) => (
            <p class="small" key={role}>
              {capital(t.move.missing(t[role]))}
            </p>
          ))}
      </div>
      <Inside networks={shown} outcomes={outcomes} />
      <Evidence
        accounts={inPlace(
          accountsOf(shown, outcomes, canvas),
          place,
          said && accountOf(said, t.noClassMap(nameOf("yours"))),
        )}
        classes={study.study.classes}
      />
      {still}
    </div>
  );
}

interface SliderProps {
  text: string;
  value: number;
  most: number;
  onChange(value: number): void;
}

function Slider({ text, value, most, onChange }: SliderProps) {
  const { number } = useLanguage();
  return (
    <label class="slider">
      <span>{text}</span>
      <input
        type="range"
        min={-most}
        max={most}
        value={value}
        onInput={(event) => onChange(Number(event.currentTarget.value))}
      />
      <output>{number(value)}</output>
    </label>
  );
}

function Inside({ networks, outcomes }: { networks: readonly Network[]; outcomes: readonly Outcome[] }) {
  const { t, number } = useLanguage();
  const { place } = useYours();
  const nameOf = useNames();
  const cnn = networks.findIndex((each) => each.description.role === "cnn");
  const dense = networks.findIndex((each) => each.description.role === "dense");
  const names = cnn < 0 ? [] : networks[cnn].description.layers.map((each) => each.name);
  const layers = names.filter((name) => name in t.move.layers);
  const [layer, setLayer] = useAddress("layer", layers[0] ?? "");
  const known = layers.includes(layer) ? layer : layers[0];
  return (
    <div class="inside">
      {place === "cnn" && <p class="absent small">{t.move.noMaps(nameOf("yours"))}</p>}
      {cnn >= 0 && (
        <div>
          <label class="select">
            {t.move.layer}{" "}
            <select value={known} onChange={(event) => setLayer(event.currentTarget.value)}>
              {layers.map((name) => (
                <option key={name} value={name}>
                  {t.move.layers[name]}
                </option>
              ))}
            </select>
          </label>
          <Maps maps={outcomes[cnn].outputs[names.indexOf(known)]} label={t.move.maps} />
          <p class="small">{t.move.maps}</p>
        </div>
      )}
      {place === "dense" && <p class="absent small">{t.move.noUnits(nameOf("yours"))}</p>}
      {dense >= 0 && (
        <FirstUnits network={networks[dense]} outcome={outcomes[dense]} text={(n) => t.move.units(number(n))} />
      )}
    </div>
  );
}

interface FirstUnitsProps {
  network: Network;
  outcome: Outcome;
  text(units: number): string;
}

function FirstUnits({ network, outcome, text }: FirstUnitsProps) {
  const index = network.layers.findIndex((each) => each.description.kind === "dense");
  const units: Tensor = outcome.outputs[index];
  return (
    <div>
      <Units units={units} label={text(units.channels)} />
      <p class="small">{text(units.channels)}</p>
    </div>
  );
}
