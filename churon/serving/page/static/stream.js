// POST /ask and its server-sent events.

/** A question that failed: HTTP status (0: no connection), code, message, seconds to wait. */
export class AskError extends Error {
  constructor(status, code, message = "", wait = null) {
    super(message);
    Object.assign(this, { status, code, wait });
  }
}

/** The events of one question, in order. Throws AskError, and AbortError where `signal` says so. */
export async function* ask(body, key, signal) {
  const response = await sent(body, key, signal);
  if (!response.ok) throw await refused(response);
  let ended = false;
  for await (const event of events(response.body, signal)) {
    if (event.event === "error") {
      throw new AskError(event.status, event.error.code, event.error.message, event.retry_after);
    }
    ended ||= event.event === "output";
    yield event;
  }
  if (!ended) throw new AskError(0, "connection_lost");
}

async function sent(body, key, signal) {
  const headers = { "Content-Type": "application/json" };
  if (key) headers.Authorization = `Bearer ${key}`;
  // Without "omit" a browser asks for a password by itself where the server says 401
  const wish = { method: "POST", headers, body: JSON.stringify(body), signal, credentials: "omit" };
  try {
    return await fetch("ask", wish);
  } catch (error) {
    throw signal.aborted ? error : new AskError(0, "no_connection");
  }
}

async function refused(response) {
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10) || null;
  try {
    const { error } = await response.json();
    return new AskError(response.status, error.code ?? "", error.message ?? "", wait);
  } catch {
    return new AskError(response.status, "", "", wait);
  }
}

async function* events(body, signal) {
  let held = "";
  for await (const piece of texts(body, signal)) {
    held += piece;
    const blocks = held.split("\n\n");
    held = blocks.pop();
    for (const block of blocks) {
      const data = dataOf(block);
      if (data) yield JSON.parse(data);
    }
  }
}

async function* texts(body, signal) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } catch (error) {
    throw signal.aborted ? error : new AskError(0, "connection_lost");
  }
}

/** What a block says, "" for a comment (the server sends some to keep the connection). */
function dataOf(block) {
  const lines = block.split("\n").filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(5).trimStart()).join("\n");
}
