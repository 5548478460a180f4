import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import './confirm-dialog.css';

/** Asks before something is done that cannot be undone. Shows why it failed, if it does. */
export function ConfirmDialog(props: {
  title: string;
  children: ComponentChildren;
  /** The text of the button. */
  action: string;
  onConfirm: () => Promise<void>;
  /** Called when it is done and the dialog is closed. */
  onDone: () => void;
  /** Called when the dialog is closed, whether or not anything was done. */
  onClose: () => void;
}) {
  const { title, children, action, onConfirm, onDone, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [running, setRunning] = useState(false);
  const [failure, setFailure] = useState('');
  useLayoutEffect(() => dialog.current?.showModal(), []);

  const confirm = async () => {
    setRunning(true);
    setFailure('');
    try {
      await onConfirm();
    } catch (error) {
      setRunning(false);
      setFailure((error as Error).message);
      return;
    }
    dialog.current?.close();
    onDone();
  };

  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={onClose}>
      <h2 id="confirm-title">{title}</h2>
      <div class="confirm-text">{children}</div>
      <p class="failure" role="alert" hidden={failure === ''}>
        {failure}
      </p>
      <div class="confirm-buttons">
        <button type="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button type="button" class="danger" disabled={running} onClick={confirm}>
          {action}
        </button>
      </div>
    </dialog>
  );
}
