import { useStudio } from "../state/studio";
import { linkWords } from "../wire/reconnect";
import { Icon } from "./icon";

/** What has to be said: the connection, and notices. */
export function Messages() {
  const { tool } = useStudio().store;
  const isBarThere = tool.value === "brush" || tool.value === "eraser";
  return (
    <div class={isBarThere ? "messages below-bar" : "messages"}>
      <ConnectionBanner />
      <Notices />
    </div>
  );
}

function ConnectionBanner() {
  const studio = useStudio();
  const link = studio.store.link.value;
  const words = linkWords(link);
  return (
    <div role="status" data-testid="connection" data-status={link.status}>
      {words !== null && (
        <div class={link.status === "ended" ? "message error" : "message warning"}>
          <div class="message-text">
            <p class="message-title">{words.title}</p>
            <p>{words.text}</p>
          </div>
          {words.action !== null && link.status !== "connecting" && (
            <button
              type="button"
              class="small-button"
              data-testid="connection-action"
              onClick={() => studio.connection.connect()}
            >
              {words.action}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Notices() {
  const studio = useStudio();
  return (
    <div aria-live="polite" data-testid="notices">
      {studio.store.notices.value.map((notice) => (
        <div class={`message ${notice.level}`} key={notice.key} data-testid="notice">
          <div class="message-text">
            <p class="message-title">{notice.text}</p>
            {notice.remedy !== "" && <p>{notice.remedy}</p>}
          </div>
          <button
            type="button"
            class="icon-button small"
            aria-label="Close the message"
            onClick={() => studio.closeNotice(notice.key)}
          >
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
