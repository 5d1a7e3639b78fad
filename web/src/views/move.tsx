import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { change, useAddress, useNumber } from "../address.ts";
import { type Outcome, run } from "../forward/network.ts";
import { largest, type Tensor } from "../forward/tensor.ts";
import { useLanguage } from "../language.tsx";
import { ChooseImage } from "../parts/choose-image.tsx";
import { Finding } from "../parts/finding.tsx";
import { Guess } from "../parts/guess.tsx";
import { paint, type PictureData } from "../parts/picture.tsx";
import { usePercent } from "../parts/table.tsx";
import type { Images, Network } from "../resources.ts";
import { contrastOf, type Role, type Study } from "../study.ts";
import { Evidence } from "./evidence.tsx";
import { Maps, Units } from "./maps.tsx";
import { moved } from "./moved.ts";
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
  const playground = images && networks.length > 0 && (
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
  const { t, number, capital } = useLanguage();
  const percent = usePercent();
  const rows = Object.entries(CONDITIONS).flatMap(([role, name]) => {
    const values = study.experiments.shift?.conditions[name]?.values.one_pixel_flip_probability;
    return values ? [[capital(t[role as Role]), percent(values), number(values.seeds.length)]] : [];
  });
  if (rows.length === 0) return null;
  return (
    <table class="few">
      <caption>{t.move.flipTable}</caption>
      <thead>
        <tr>
          <th scope="col">{t.move.network}</th>
          <th scope="col">
            % ({t.meanAndInterval})
          </th>
          <th scope="col">n</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([head, ...cells]) => (
          <tr key={head}>
            <th scope="row">{head}</th>
            {cells.map((cell) => (
              <td key={cell}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface PlaygroundProps {
  study: Study;
  images: Images;
  networks: readonly Network[];
  complete: boolean;
}

function Playground({ study, images, networks, complete }: PlaygroundProps) {
  const { t, capital } = useLanguage();
  // Networks of one size take the same canvas; those with a margin lose no pixel.
  const side = Math.max(...networks.map((each) => each.description.side));
  const shown = networks.filter((each) => each.description.side === side);
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
  const outcomes = useMemo(() => shown.map((each) => run(each.layers, canvas)), [canvas, shown.length]);
  const label = images.names[chosen];
  // What does not follow the garment is not compared again at every step.
  const still = useMemo(
    () => (
      <>
        <Places networks={shown} picture={picture} side={side} most={most} />
        <ChooseImage
          images={images}
          chosen={chosen}
          onChoose={(index) =>
            change({ image: index === usual ? null : String(index), right: null, down: null })
          }
        />
      </>
    ),
    [networks, picture, side, most, images, usual],
  );
  return (
    <div class="playground">
      <div class="stage">
        <Canvas
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
        {shown.map((network, index) => (
          <Answer
            key={network.description.run}
            network={network}
            outcome={outcomes[index]}
            classes={study.study.classes}
            label={label}
            at={`${chosen} ${right} ${down}`}
          />
        ))}
        {shown.some((each) => each.description.role === "steady") && (
          <p class="small">{t.move.steadyWhy}</p>
        )}
        {(["dense", "cnn"] as const)
          .filter((role) => complete && !shown.some((each) => each.description.role === role))
          .map((role) => (
            <p class="small" key={role}>
              {capital(t.move.missing(t[role]))}
            </p>
          ))}
      </div>
      <Inside networks={shown} outcomes={outcomes} />
      <Evidence networks={shown} outcomes={outcomes} image={canvas} classes={study.study.classes} />
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

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface CanvasProps {
  canvas: PictureData;
  right: number;
  down: number;
  onMove(right: number, down: number): void;
}

function Canvas({ canvas, right, down, onMove }: CanvasProps) {
  const { t, number } = useLanguage();
  const element = useRef<HTMLCanvasElement>(null);
  const start = useRef<{ x: number; y: number; right: number; down: number } | null>(null);
  useLayoutEffect(() => {
    if (element.current) paint(element.current, canvas);
  }, [canvas]);
  return (
    <canvas
      ref={element}
      class="picture draggable"
      width={1}
      height={1}
      tabIndex={0}
      role="application"
      aria-label={`${t.move.canvas} ${t.move.position(number(right), number(down))}`}
      onKeyDown={(event) => {
        const step = ARROWS[event.key];
        if (!step) return;
        event.preventDefault();
        onMove(right + step[0], down + step[1]);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, y: event.clientY, right, down };
      }}
      onPointerMove={(event) => {
        const from = start.current;
        if (!from) return;
        const pixel = event.currentTarget.clientWidth / canvas.width;
        const [across, along] = [
          from.right + Math.round((event.clientX - from.x) / pixel),
          from.down + Math.round((event.clientY - from.y) / pixel),
        ];
        if (across !== right || along !== down) onMove(across, along);
      }}
      onPointerUp={() => {
        start.current = null;
      }}
      onPointerCancel={() => {
        start.current = null;
      }}
    />
  );
}

interface AnswerProps {
  network: Network;
  outcome: Outcome;
  classes: readonly string[];
  label: string;
  /** Picture and place: when it changes, the garment has moved. */
  at: string;
}

function Answer({ network, outcome, classes, label, at }: AnswerProps) {
  const { t, number, capital } = useLanguage();
  const { description } = network;
  const best = largest(outcome.probabilities);
  const name = t[description.role];
  const counted = useRef({ at, best, moves: 0, flips: 0 });
  const before = counted.current;
  if (before.at !== at) {
    const sameImage = before.at.split(" ")[0] === at.split(" ")[0];
    counted.current = sameImage
      ? { at, best, moves: before.moves + 1, flips: before.flips + Number(best !== before.best) }
      : { at, best, moves: 0, flips: 0 };
  }
  const { moves, flips } = counted.current;
  const said = t.classes[classes[best]] ?? classes[best];
  const right = classes[best] === label;
  return (
    <div class={`answer-card ${description.role}`} data-role={description.role}>
      <h3>{capital(name)}</h3>
      <p class="said" role="status">
        <strong>{said}</strong>{" "}
        <span class={right ? "right" : "wrong"}>{right ? t.move.isRight : t.move.isWrong}</span>
      </p>
      <div class="bars" aria-hidden="true">
        {[...outcome.probabilities]
          .map((probability, index) => ({ probability, index }))
          .sort((first, second) => second.probability - first.probability)
          .slice(0, 3)
          .map(({ probability, index }) => (
            <p key={index}>
              <span class="name">{t.classes[classes[index]] ?? classes[index]}</span>
              <progress max={1} value={probability} />
              <span class="value">{number(100 * probability)} %</span>
            </p>
          ))}
      </div>
      <p class="small flips">{t.move.flips(number(flips), number(moves))}</p>
      {description.testAccuracy !== null && (
        <p class="small">
          {t.move.trained(number(description.epochs), number(100 * description.testAccuracy, 1))}
        </p>
      )}
    </div>
  );
}

function Inside({ networks, outcomes }: { networks: readonly Network[]; outcomes: readonly Outcome[] }) {
  const { t, number } = useLanguage();
  const cnn = networks.findIndex((each) => each.description.role === "cnn");
  const dense = networks.findIndex((each) => each.description.role === "dense");
  const names = cnn < 0 ? [] : networks[cnn].description.layers.map((each) => each.name);
  const layers = names.filter((name) => name in t.move.layers);
  const [layer, setLayer] = useAddress("layer", layers[0] ?? "");
  const known = layers.includes(layer) ? layer : layers[0];
  return (
    <div class="inside">
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
