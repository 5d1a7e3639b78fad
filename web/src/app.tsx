import { useEffect, useMemo, useState } from "preact/hooks";
import { enter, section } from "./address.ts";
import { LANGUAGES, Speaking, useLanguage, useLanguageChoice } from "./language.tsx";
import { type Images, loadImages, loadNetwork, type Network } from "./resources.ts";
import { loadStudy, type Study } from "./study.ts";
import { Bring } from "./views/bring.tsx";
import { TrainingImages } from "./views/images.tsx";
import { Kernel } from "./views/kernel.tsx";
import { Lens } from "./views/lens.tsx";
import { Look } from "./views/look.tsx";
import { Luck } from "./views/luck.tsx";
import { Move } from "./views/move.tsx";
import { mostShift, Shift } from "./views/shift.tsx";
import { Shuffle } from "./views/shuffle.tsx";
import { Untie } from "./views/untie.tsx";
import { useBrought } from "./yours/brought.ts";
import { YoursContext } from "./yours/context.tsx";

const VIEWS = ["move", "shift", "luck", "images", "shuffle", "lens", "untie", "kernel", "look", "bring"] as const;

/** What could be loaded: the study or why not, and as much of images and networks as there is. */
interface Loaded {
  readonly study: Study | null;
  readonly failure: string | null;
  readonly images: Images | null;
  readonly networks: readonly Network[];
  readonly complete: boolean;
}

// Whether the reader has done anything yet: who reads already is not taken elsewhere.
let reading = false;
for (const kind of ["pointerdown", "keydown", "wheel"]) {
  addEventListener(kind, () => (reading = true), { capture: true, once: true, passive: true });
}

const NOTHING: Loaded = { study: null, failure: null, images: null, networks: [], complete: false };

function useLoaded(): Loaded {
  const [loaded, setLoaded] = useState(NOTHING);
  useEffect(() => {
    const load = async () => {
      let study: Study;
      try {
        study = await loadStudy();
      } catch (error) {
        setLoaded({ ...NOTHING, failure: String(error) });
        return;
      }
      setLoaded({ ...NOTHING, study });
      const images = await loadImages(study).catch(() => null);
      let networks: readonly Network[] = [];
      // Small ones first, each shown as soon as it is there; what fails is left out.
      const bySize = [...study.networks].sort((first, second) => first.parameters - second.parameters);
      for (const description of images ? bySize : []) {
        const network = await loadNetwork(description).catch(() => null);
        if (network) networks = inOrder(study, [...networks, network]);
        setLoaded({ ...NOTHING, study, images, networks });
      }
      setLoaded({ ...NOTHING, study, images, networks, complete: true });
    };
    void load();
  }, []);
  return loaded;
}

function inOrder(study: Study, networks: readonly Network[]): Network[] {
  const place = (network: Network) => study.networks.indexOf(network.description);
  return [...networks].sort((first, second) => place(first) - place(second));
}

export function App() {
  const loaded = useLoaded();
  const [language, setLanguage] = useLanguageChoice(loaded.study?.study.thing);
  return (
    <Speaking language={language}>
      <Page loaded={loaded} onLanguage={setLanguage} />
    </Speaking>
  );
}

function Page({ loaded, onLanguage }: { loaded: Loaded; onLanguage(code: string): void }) {
  const { t, code } = useLanguage();
  const { study } = loaded;
  const usable = loaded.networks.length > 0;
  useEffect(() => {
    if (usable && !loaded.complete) document.documentElement.dataset.page = "usable";
  }, [usable, loaded.complete]);
  useEffect(() => {
    if (!loaded.complete) return undefined;
    document.documentElement.dataset.page = "ready";
    const show = () => {
      const named = section();
      if (named) document.getElementById(named)?.scrollIntoView();
    };
    if (!reading) show();
    window.addEventListener("hashchange", show);
    return () => window.removeEventListener("hashchange", show);
  }, [loaded.complete]);
  return (
    <>
      <a class="skip" href={`#${VIEWS[0]}`} onClick={(event) => go(event, VIEWS[0])}>
        {t.skip}
      </a>
      <header>
        <p class="languages">
          <label>
            {t.languageLabel}{" "}
            <select value={code} onChange={(event) => onLanguage(event.currentTarget.value)}>
              {LANGUAGES.map((each) => (
                <option key={each} value={each} lang={each}>
                  {t.languages[each]}
                </option>
              ))}
            </select>
          </label>
        </p>
        <h1>{t.title}</h1>
        {study && <p class="intro">{t.intro(study.study.title)}</p>}
        {study?.study.remark && <p class="notice">{t.remark(study.study.remark)}</p>}
        {study && (
          <nav aria-label={t.contents}>
            <ol>
              {VIEWS.map((name) => (
                <li key={name}>
                  <a href={`#${name}`} onClick={(event) => go(event, name)}>
                    {t[name].nav}
                  </a>
                </li>
              ))}
            </ol>
          </nav>
        )}
      </header>
      <main>
        {loaded.failure && (
          <div class="notice" role="alert">
            <h2>{t.failed}</h2>
            <p>{loaded.failure}</p>
            <p>{t.failedFix}</p>
          </div>
        )}
        {!study && !loaded.failure && <p class="loading">{t.loading}</p>}
        {study && <Views loaded={loaded} study={study} />}
      </main>
      {study && (
        <footer>
          <p>{t.footer.made(study.study.name)}</p>
          <p>{t.footer.source(study.study.title, study.study.source)}</p>
        </footer>
      )}
    </>
  );
}

function Views({ loaded, study }: { loaded: Loaded; study: Study }) {
  const { t } = useLanguage();
  const { images, networks, complete } = loaded;
  const brought = useBrought(study, images, mostShift(study));
  const bare = location.protocol === "file:";
  // What needs no network is not drawn again with each that arrives.
  const stored = useMemo(
    () => (
      <>
        <Shift number={2} study={study} />
        <Luck number={3} study={study} />
        <TrainingImages number={4} study={study} />
      </>
    ),
    [study],
  );
  const pictured = useMemo(() => <Shuffle number={5} study={study} images={images} />, [study, images]);
  const last = useMemo(
    () => (
      <>
        <Untie number={7} study={study} networks={networks} />
        <Kernel number={8} study={study} images={images} />
      </>
    ),
    [study, images, networks],
  );
  // It computes as soon as it is there, so it lets what comes first be usable before.
  const look = useMemo(
    () => <Look number={9} study={study} images={images} networks={complete ? networks : []} complete={complete} />,
    [study, images, networks, complete],
  );
  const move = useMemo(
    () => <Move number={1} study={study} images={images} networks={networks} complete={complete} />,
    [study, images, networks, complete],
  );
  const lens = useMemo(
    () => <Lens number={6} study={study} images={images} networks={networks} />,
    [study, images, networks],
  );
  return (
    <YoursContext.Provider value={brought.yours}>
      {complete && networks.length === 0 && <p class="notice">{bare ? t.bareFile : t.noNetworks}</p>}
      {move}
      {stored}
      {pictured}
      {lens}
      {last}
      {look}
      <Bring number={10} study={study} images={images} brought={brought} />
    </YoursContext.Provider>
  );
}

/** Go to a view and keep what the address says beside it. */
function go(event: Event, name: string): void {
  event.preventDefault();
  enter(name);
  const view = document.getElementById(name);
  view?.scrollIntoView();
  view?.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
}
