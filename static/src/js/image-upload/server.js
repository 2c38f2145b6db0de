/** What the page asks of the API beside sending files. */

export class Server {
  constructor(root) {
    this.uploadsUrl = root.dataset.uploadsUrl;
    this.csrfToken = root.querySelector("[name=csrfmiddlewaretoken]").value;
    this.lots = new Map();
  }

  /** The headers that every request needs. */
  get headers() {
    return { "X-CSRFToken": this.csrfToken };
  }

  /** The upload that files with these statements go to: one for each set of statements, made when first needed. */
  lotFor(stated, made) {
    const key = JSON.stringify(stated);
    if (!this.lots.has(key)) {
      const lot = this.#ask(this.uploadsUrl, { method: "POST", body: key }).then((upload) => {
        made(upload);
        return upload;
      });
      lot.catch(() => this.lots.delete(key));
      this.lots.set(key, lot);
    }
    return this.lots.get(key);
  }

  /** An upload as it stands, with counts and studies. */
  upload(id) {
    return this.#ask(`${this.uploadsUrl}${id}/?page_size=1`);
  }

  /** What became of one file. */
  result(url) {
    return this.#ask(url);
  }

  /** How far an archive's unpacking is. */
  job(id) {
    return this.#ask(`${this.uploadsUrl.replace("uploads", "jobs")}${id}/`, { headers: { "X-Lobule-Poll": "1" } });
  }

  async #ask(url, { method = "GET", body, headers = {} } = {}) {
    const response = await fetch(url, {
      method,
      body,
      headers: { ...this.headers, ...headers, ...(body ? { "Content-Type": "application/json" } : {}) },
    });
    if (response.ok) return response.json();
    const problem = await response.json().catch(() => ({}));
    throw new Refused(response.status, problem);
  }
}

/** An answer that is no success. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? advice(status));
    this.status = status;
    this.code = problem.code ?? "";
  }
}

/** What to do about an HTTP status, in words. */
export function advice(status) {
  if (status === 401 || status === 403) return "You are signed out, or may not send this. Sign in again in another tab, then try again.";
  if (status === 404 || status === 410) return "The site no longer knows this upload. Try again.";
  if (status === 413) return "The file is larger than the site takes in.";
  if (status === 507) return "The site has no space left. Tell your administrator.";
  if (status >= 500) return "The site had a problem. Try again in a minute.";
  return "The file could not be sent. Try again.";
}
