/** Asking the server about the session. Answers are `{ seconds_left, limit, person }`; null: the session is over. */

const FORBIDDEN = Symbol("forbidden");

export class Server {
  constructor({ leftUrl, extendUrl }, csrfToken) {
    this.leftUrl = leftUrl;
    this.extendUrl = extendUrl;
    this.csrfToken = csrfToken;
  }

  /** How long it still lasts. Asking makes it no longer. */
  left() {
    return this.#ask(this.leftUrl, { headers: { "X-Lobule-Poll": "1" } });
  }

  /** The person is here: it lasts longer. */
  async extend() {
    const answer = await this.#ask(this.extendUrl, { method: "POST", headers: { "X-CSRFToken": this.csrfToken } });
    // The token of this page is older than the sign-in, which another tab has renewed: there is a session all the same.
    return answer === FORBIDDEN ? this.left() : answer;
  }

  /** Rejects when the server cannot be reached. */
  async #ask(url, options) {
    const response = await fetch(url, { credentials: "same-origin", cache: "no-store", redirect: "manual", ...options });
    // A redirect leads to the sign-in page.
    if (response.type === "opaqueredirect" || response.status === 401) return null;
    if (response.status === 403) return FORBIDDEN;
    if (!response.ok) throw new Error(`The session's route answered ${response.status}.`);
    return response.json();
  }
}
