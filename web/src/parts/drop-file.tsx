import { useId, useState } from "preact/hooks";

interface Props {
  label: string;
  accept: string;
  onFile(file: File): void;
}

/** A place to choose a file or to drop one; nothing is sent anywhere. */
export function DropFile({ label, accept, onFile }: Props) {
  const id = useId();
  const [over, setOver] = useState(false);
  return (
    <div
      class={over ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file) onFile(file);
      }}
    >
      <label for={id}>{label}</label>{" "}
      <input
        id={id}
        type="file"
        accept={accept}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = ""; // so that the same file can be chosen again
          if (file) onFile(file);
        }}
      />
    </div>
  );
}
