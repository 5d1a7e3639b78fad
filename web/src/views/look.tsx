import { useId, useMemo, useState } from "preact/hooks";
import { useAddress, useNumber } from "../address.ts";
import { type Answer, type Classifier, classifierOf, inPlace, type Shown } from "../classifier.ts";
import { run } from "../forward/network.ts";
import { largest } from "../forward/tensor.ts";
import { useLanguage } from "../language.tsx";
import { ChooseImage } from "../parts/choose-image.tsx";
import { Finding } from "../parts/finding.tsx";
import { Guess } from "../parts/guess.tsx";
import { Picture, type PictureData } from "../parts/picture.tsx";
import { FewNumbers, usePercent } from "../parts/table.tsx";
import { moved } from "../picture/moved.ts";
import type { Images, Network } from "../resources.ts";
import { contrastOf, type Experiment, type Study } from "../study.ts";
import { OfTheStudy, useNames, useYours } from "../yours/context.tsx";
import { useSaid } from "../yours/said.ts";
import { accountOf, accountsOf, Evidence } from "./evidence.tsx";
import { Camera } from "./look/camera.tsx";
import { Occlusion } from "./look/occlusion.tsx";
import { Photograph } from "./look/photograph.tsx";
import { Sketch, useSketch } from "./look/sketch.tsx";
import { NotStored, View } from "./view.tsx";

const SOURCES = ["test", "sketch", "photo", "camera"] as const;
const MAIN = "averaging-forgets-all";
const ANSWERS: Readonly<Record<string, string>> = { better: "appearance", equivalent: "appearance", worse: "place" };
const CONDITIONS = ["dense", "cnn with flatten", "cnn", "circular cnn", "cnn trained in both corners"];

interface Props {
  number: number;
  study: Study;
  images: Images | null;
  networks: readonly Network[];
  /** Whether there is no network still to come. */
  complete: boolean;
}

/** The pixels that networks answer by, of any picture. */
export function Look({ number, study, images, networks, complete }: Props) {
  const { t } = useLanguage();
  const experiment = study.experiments.location;
  const { network: yours, place } = useYours();
  const shown = useMemo(
    () => rivals(networks).filter(({ description }) => description.role !== place),
    [networks, place],
  );
  const looking =
    images && (shown.length > 0 || yours) ? (
      <Looking study={study} images={images} networks={shown} />
    ) : (
      <p class="notice">{complete ? t.look.needs : t.loading}</p>
    );
  return (
    <View name="look" number={number} question={t.look.question} lead={t.look.lead}>
      {experiment ? (
        <Guess
          name="look"
          question={t.look.predict}
          options={t.look.options}
          answer={ANSWERS[contrastOf(study, "location", MAIN)?.verdict ?? ""] ?? null}
          between={looking}
        >
          <p>{t.look.oneNetwork}</p>
          <OfTheStudy />
          <Elsewhere experiment={experiment} />
          <Finding experiment={experiment} names={experiment.contrasts.map((each) => each.name)} />
        </Guess>
      ) : (
        <>
          {looking}
          <p>{t.look.oneNetwork}</p>
          <NotStored experiment="location" />
        </>
      )}
    </View>
  );
}

/** How often each kind of network is right when the place tells the other class. */
function Elsewhere({ experiment }: { experiment: Experiment }) {
  const { t } = useLanguage();
  const percent = usePercent();
  const rows = CONDITIONS.flatMap((name) => {
    const values = experiment.conditions[name]?.values.accuracy_dissimilar;
    return values ? [[name, values] as const] : [];
  });
  return <FewNumbers caption={t.look.elsewhere} rows={rows.map(([name, values]) => [t.condition(name), percent(values), values.seeds.length])} />;
}

/** Networks of one size: where there are both a dense one and a CNN, and of those with the smallest images. */
function rivals(networks: readonly Network[]): readonly Network[] {
  const sides = [...new Set(networks.map((each) => each.description.side))].sort((first, second) => first - second);
  const groups = sides.map((side) => networks.filter((each) => each.description.side === side));
  const complete = groups.find((group) =>
    (["dense", "cnn"] as const).every((role) => group.some((each) => each.description.role === role)),
  );
  return complete ?? groups[0] ?? [];
}

interface LookingProps {
  study: Study;
  images: Images;
  networks: readonly Network[];
}

function Looking({ study, images, networks }: LookingProps) {
  const { t } = useLanguage();
  const group = useId();
  const { classes, side, channels } = study.study;
  const [source, setSource] = useAddress("source", SOURCES[0]);
  const [chosen, setChosen] = useNumber("look-image", 0, 0, images.pictures.length - 1);
  const [labelText, setLabel] = useAddress("class", "");
  const [taken, setTaken] = useState<{ source: string; picture: PictureData | null } | null>(null);
  const sketch = useSketch(side, channels);
  const named = classes.findIndex((_, index) => String(index) === labelText);
  const label = named < 0 ? null : named;
  const known = SOURCES.find((each) => each === source) ?? SOURCES[0];
  const picture = known === "test" ? images.pictures[chosen] : known === "sketch" ? sketch : taken?.source === known ? taken.picture : null;
  return (
    <div class="looking">
      <fieldset class="choice">
        <legend>{t.look.source}</legend>
        {SOURCES.map((each) => (
          <label key={each}>
            <input type="radio" name={group} value={each} checked={known === each} onChange={() => setSource(each)} />
            <span>{t.look.sources[each]}</span>
          </label>
        ))}
      </fieldset>
      {known === "test" && <ChooseImage images={images} chosen={chosen} onChoose={setChosen} />}
      {known === "sketch" && <Sketch picture={sketch} />}
      {known === "photo" && <Photograph form={study.study} onPicture={(each) => setTaken({ source: "photo", picture: each })} />}
      {known === "camera" && <Camera form={study.study} onPicture={(each) => setTaken({ source: "camera", picture: each })} />}
      {picture && (
        <>
          <label class="select">
            {t.look.speaksFor}{" "}
            <select value={label === null ? "" : String(label)} onChange={(event) => setLabel(event.currentTarget.value)}>
              <option value="">{t.look.ownAnswer}</option>
              {classes.map((name, index) => (
                <option key={name} value={String(index)}>
                  {t.classes[name] ?? name}
                </option>
              ))}
            </select>
          </label>
          <Seen
            networks={networks}
            picture={picture}
            classes={classes}
            label={label}
            truth={known === "test" ? images.names[chosen] : null}
            live={known === "camera"}
          />
        </>
      )}
    </div>
  );
}

interface SeenProps {
  networks: readonly Network[];
  picture: PictureData;
  classes: readonly string[];
  label: number | null;
  truth: string | null;
  /** Whether the picture goes on changing by itself. */
  live: boolean;
}

/** What networks make of one picture. */
function Seen({ networks, picture, classes, label, truth, live }: SeenProps) {
  const { t, number, capital } = useLanguage();
  const nameOf = useNames();
  const { network: yours, place } = useYours();
  const side = networks[0]?.description.side ?? picture.height;
  const canvas = useMemo(() => moved(picture, side, 0, 0), [picture, side]);
  const outcomes = useMemo(() => networks.map((each) => run(each.layers, canvas)), [networks, canvas]);
  const latest = useSaid(picture, 0, 0);
  // Of a picture that goes on changing, the answer to the one before is better than none.
  const said = latest && (live || latest.picture === picture) ? latest : null;
  const answered = said !== null;
  const classifiers = useMemo(
    () => inPlace<Classifier>(networks.map(classifierOf), place, answered ? yours : null),
    [networks, place, yours, answered],
  );
  const whole = inPlace<Answer & { role: Shown }>(
    outcomes.map(({ probabilities, logits }, index) => ({
      role: networks[index].description.role,
      probabilities,
      scores: logits,
    })),
    place,
    said && { role: "yours", ...said.answer },
  );
  return (
    <>
      <div class="seen">
        <figure>
          <Picture picture={picture} label={t.look.given} />
          <figcaption>{truth ? t.move.truth(t.classes[truth] ?? truth) : t.look.given}</figcaption>
        </figure>
        <div role={live ? undefined : "status"}>
          <ul class="said-by">
            {classifiers.map(({ key, role }, index) => {
              const { probabilities } = whole[index];
              const best = largest(probabilities);
              const said = t.classes[classes[best]] ?? classes[best];
              return (
                <li key={key} data-role={role} data-probability={probabilities[best]}>
                  {capital(nameOf(role))}: <strong>{said}</strong> ({number(100 * probabilities[best], 1)} %)
                </li>
              );
            })}
          </ul>
        </div>
      </div>
      <Evidence
        accounts={inPlace(
          accountsOf(networks, outcomes, canvas),
          place,
          said && accountOf(said, t.noClassMap(nameOf("yours"))),
        )}
        classes={classes}
        label={label}
      />
      {!live && (
        <Occlusion classifiers={classifiers} whole={whole} picture={picture} classes={classes} label={label} />
      )}
    </>
  );
}
