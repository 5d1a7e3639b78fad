import { useEffect, useRef, useState } from "preact/hooks";
import { useLanguage } from "../../language.tsx";
import type { PictureData } from "../../parts/picture.tsx";
import { convert, type Form } from "../../picture/convert.ts";
import { drawn } from "../../picture/decode.ts";
import { pictureOf } from "./photograph.tsx";

const WIDTH = 320; // pixels; networks see far fewer
const PAUSE = 200; // milliseconds between two pictures

type State = "off" | "asking" | "on" | "missing" | "refused";

interface Props {
  form: Form;
  onPicture(picture: PictureData | null): void;
}

/** What the camera sees, once the reader has allowed it, until the view is left. */
export function Camera({ form, onPicture }: Props) {
  const { t } = useLanguage();
  const [state, setState] = useState<State>("off");
  const video = useRef<HTMLVideoElement>(null);
  const stream = useRef<MediaStream | null>(null);
  const mounted = useRef(true);
  const stop = (next: State) => {
    for (const track of stream.current?.getTracks() ?? []) track.stop();
    stream.current = null;
    if (mounted.current) setState(next);
  };
  const start = async () => {
    if (!navigator.mediaDevices) {
      setState("missing"); // browsers give no camera to pages from other machines without TLS
      return;
    }
    setState("asking");
    try {
      const opened = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 2 * WIDTH } },
      });
      stream.current = opened;
      if (mounted.current) setState("on");
      else stop("off");
    } catch (error) {
      const refused = error instanceof DOMException && error.name === "NotAllowedError";
      if (mounted.current) setState(refused ? "refused" : "missing");
    }
  };
  useEffect(
    () => () => {
      mounted.current = false;
      stop("off");
      onPicture(null);
    },
    [],
  );
  useEffect(() => {
    const shown = video.current;
    if (state !== "on" || !shown) return undefined;
    let current = true;
    shown.srcObject = stream.current;
    shown.play().catch(() => {
      if (current) stop("missing"); // else it was stopped before it had begun
    });
    const timer = window.setInterval(() => {
      if (shown.videoWidth === 0) return;
      const height = Math.max(1, Math.round((shown.videoHeight * WIDTH) / shown.videoWidth));
      onPicture(pictureOf(convert(drawn(shown, WIDTH, height), form).pixels, form.channels));
    }, PAUSE);
    const leave = new IntersectionObserver((entries) => {
      if (entries.some((each) => !each.isIntersecting)) stop("off");
    });
    const view = shown.closest(".view");
    if (view) leave.observe(view);
    const hide = () => {
      if (document.hidden) stop("off");
    };
    document.addEventListener("visibilitychange", hide);
    hide(); // it may have been allowed when the page was hidden already
    return () => {
      current = false;
      window.clearInterval(timer);
      leave.disconnect();
      document.removeEventListener("visibilitychange", hide);
    };
  }, [state]);
  return (
    <div class="camera">
      {state === "on" ? (
        <>
          <video ref={video} muted playsInline aria-label={t.look.cameraPicture} />
          <button type="button" onClick={() => stop("off")}>
            {t.look.cameraStop}
          </button>
        </>
      ) : (
        <button type="button" onClick={start} disabled={state === "asking"}>
          {t.look.cameraStart}
        </button>
      )}
      <p class="small">{t.look.cameraKept}</p>
      {(state === "refused" || state === "missing") && (
        <p class="notice" role="alert">
          {t.look.cameraTroubles[state]}
        </p>
      )}
    </div>
  );
}
