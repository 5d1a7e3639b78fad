import { useMemo, useRef, useState } from "preact/hooks";
import { useAddress } from "../address.ts";
import { moved } from "../picture/moved.ts";
import type { Images } from "../resources.ts";
import { type Rival, RIVALS, type Study } from "../study.ts";
import type { Yours } from "./context.tsx";
import { ModelError, type ModelTrouble, openModel, type YourNetwork } from "./model.ts";
import { loadSample, sampleOf } from "./sample.ts";
import { type Progress, shiftedAccuracies } from "./shifted.ts";

const TRIED = 2; // images on which a network is tried when it is opened

interface State {
  readonly network: YourNetwork | null;
  readonly opening: boolean;
  readonly trouble: readonly [ModelTrouble, string] | null;
  /** How far its measurement is; null before it has begun. */
  readonly progress: Progress | null;
  /** Whether the larger sample is missing, so that fewer images are measured. */
  readonly fewer: boolean;
}

const NOTHING: State = { network: null, opening: false, trouble: null, progress: null, fewer: false };
const UNMEASURED: Progress["shifted"] = [];

/** The reader's network, and what can be done with it. */
export interface Brought extends State {
  /** What all views know of it. */
  readonly yours: Yours;
  take(file: File): void;
  remove(): void;
  setPlace(place: Rival): void;
}

/**
 * Open, measure and remove networks that the reader brings.
 *
 * @param most the largest distance at which they are measured.
 */
export function useBrought(study: Study, images: Images | null, most: number): Brought {
  const [state, setState] = useState(NOTHING);
  const [named, setPlace] = useAddress("in-place", "cnn");
  // Which file was chosen last, and which network is shown: what is slower than the reader finds them changed.
  const files = useRef(0);
  const shown = useRef<YourNetwork | null>(null);
  const show = (network: YourNetwork | null, trouble: State["trouble"] = null) => {
    shown.current?.release();
    shown.current = network;
    setState({ ...NOTHING, network, trouble });
  };
  const measure = async (network: YourNetwork, shownImages: Images) => {
    const change = (changes: Partial<State>) => {
      if (shown.current === network) setState((before) => ({ ...before, ...changes }));
    };
    try {
      const sample = await loadSample(study).catch(() => null);
      change({ fewer: sample === null });
      for await (const progress of shiftedAccuracies(network, sample ?? sampleOf(shownImages, study), most)) {
        if (shown.current !== network) return;
        change({ progress });
      }
    } catch (error) {
      if (shown.current === network) show(null, troubleOf(error));
    }
  };
  const take = async (file: File, shownImages: Images) => {
    files.current += 1;
    const mine = files.current;
    setState((before) => ({ ...before, opening: true, trouble: null }));
    const { side, channels, classes } = study.study;
    const tried = shownImages.pictures.slice(0, TRIED).map((each) => moved(each, side, 0, 0));
    try {
      const opened = await openModel(file, { side, channels, classes: classes.length }, tried);
      if (files.current !== mine) {
        opened.release();
        return;
      }
      show(opened);
      void measure(opened, shownImages);
    } catch (error) {
      if (files.current === mine) setState((before) => ({ ...before, opening: false, trouble: troubleOf(error) }));
    }
  };
  const { network, progress } = state;
  const shifted = progress?.shifted ?? UNMEASURED;
  const place = network && (RIVALS.find((each) => each === named) ?? "cnn");
  const yours = useMemo(() => ({ network, shifted, place }), [network, shifted, place]);
  return {
    ...state,
    yours,
    take: (file) => images && void take(file, images),
    remove: () => {
      files.current += 1;
      show(null);
    },
    setPlace,
  };
}

function troubleOf(error: unknown): readonly [ModelTrouble, string] {
  return error instanceof ModelError ? [error.trouble, error.message] : ["unreadable", String(error)];
}
