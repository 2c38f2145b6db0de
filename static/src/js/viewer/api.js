/** Requests to the site. Every failure is a `Problem` whose message a doctor can read. */

const RETRIES = 2;
const RETRY_MS = 600;

export class Problem extends Error {
  constructor(message, { status = 0, canRetry = true } = {}) {
    super(message);
    this.status = status;
    this.canRetry = canRetry;
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The answer to a request; asked again when the network or the server fails for a moment. */
export async function request(url, { retries = RETRIES, ...options } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask(url, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      const momentary = error.status === 0 || error.status === 502 || error.status === 503 || error.status === 504;
      if (!momentary || !error.canRetry || attempt >= retries) throw error;
      await pause(RETRY_MS * 2 ** attempt);
    }
  }
}

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The site cannot be reached. Check the network.");
  }
  if (response.redirected) throw new Problem("You are signed out. Sign in again in another tab.", { status: 401 });
  if (response.ok) return response;
  throw await problemOf(response);
}

async function problemOf(response) {
  const { status } = response;
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json")) {
    const { detail } = await response.json();
    const final = [403, 404, 409, 422, 423].includes(status);
    return new Problem(detail, { status, canRetry: !final });
  }
  return new Problem(`The site answered with an error (${status}). Try again in a minute.`, { status });
}

/** Sends JSON with the CSRF token; resolves with the JSON that comes back, or null. */
export async function send(method, url, body) {
  const headers = { "X-CSRFToken": document.body.dataset.csrf };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await request(url, { method, headers, body: JSON.stringify(body), retries: 0 });
  return response.status === 204 ? null : response.json();
}
