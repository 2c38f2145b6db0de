/** What the tabs of this site tell each other about their one session. */

const channel = new BroadcastChannel("lobule-session");

export const tabs = {
  /** `{ left }`: what the server has just answered. `{ look: true }`: something has changed, ask the server. */
  tell(message) {
    channel.postMessage(message);
  },
  listen(heard) {
    channel.addEventListener("message", ({ data }) => heard(data));
  },
};
