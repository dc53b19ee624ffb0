/** Files that are dropped on the page or pasted. */

export interface FileListener {
  onFile(file: File): void;
  /** A file hovers over the page. */
  onOver(over: boolean): void;
}

export function listenToFiles(listener: FileListener): () => void {
  const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const over = (event: DragEvent) => {
    if (hasFile(event)) {
      event.preventDefault();
      listener.onOver(true);
    }
  };
  const leave = (event: DragEvent) => {
    if (event.relatedTarget === null) {
      listener.onOver(false);
    }
  };
  const drop = (event: DragEvent) => {
    listener.onOver(false);
    take(event, event.dataTransfer, listener);
  };
  const paste = (event: ClipboardEvent) => take(event, event.clipboardData, listener);
  window.addEventListener("dragover", over);
  window.addEventListener("dragleave", leave);
  window.addEventListener("drop", drop);
  window.addEventListener("paste", paste);
  return () => {
    window.removeEventListener("dragover", over);
    window.removeEventListener("dragleave", leave);
    window.removeEventListener("drop", drop);
    window.removeEventListener("paste", paste);
  };
}

function take(event: Event, data: DataTransfer | null, listener: FileListener): void {
  const file = data?.files[0];
  if (file !== undefined) {
    event.preventDefault();
    listener.onFile(file);
  }
}
