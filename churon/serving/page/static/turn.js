// One question and what is known of its run so far: plain state that the views draw.

let count = 0;

/** A turn that has not been asked yet. */
export function newTurn(question, graph, history) {
  count += 1;
  return { id: count, question, graph, history, ...blank() };
}

/** The same question from its beginning. */
export function restart(turn) {
  Object.assign(turn, blank());
}

function blank() {
  return {
    phase: "running", began: Date.now(), ended: 0,
    steps: [], plan: [], nodes: new Map(), rollouts: { done: 0, of: 0 }, winner: null,
    passages: new Map(), all: false, draft: { node: "", text: "" }, claims: [], citations: [],
    output: null, error: null,
  };
}

const takers = {
  step: (turn, event) => {
    turn.steps.push(event);
    return ["steps"];
  },
  plan: (turn, event) => {
    turn.plan = event.steps;
    return ["plan"];
  },
  tree: (turn, event) => {
    for (const node of event.nodes) turn.nodes.set(node.id, node);
    turn.rollouts = { done: event.done, of: event.of };
    turn.winner = event.winner ?? turn.winner;
    return ["tree"];
  },
  passages: (turn, event) => {
    for (const passage of event.passages) turn.passages.set(passage.id, passage);
    return ["passages"];
  },
  token: (turn, event) => {
    const goesOn = turn.draft.node === event.node;
    turn.draft = { node: event.node, text: (goesOn ? turn.draft.text : "") + event.text };
    turn.claims = [];
    return ["answer"];
  },
  support: (turn, event) => {
    turn.claims = event.claims;
    turn.citations = event.citations;
    turn.draft = { node: "", text: "" };
    return ["answer"];
  },
  output: (turn, event) => {
    const { output } = event;
    turn.output = output;
    turn.claims = output.claims;
    turn.citations = event.citations;
    for (const [id, passage] of Object.entries(output.evidence)) turn.passages.set(id, passage);
    end(turn, "done");
    return ["answer", "plan", "tree", "passages", "steps"];
  },
};

/** Takes an event in; the names of the parts that changed. */
export function take(turn, event) {
  return takers[event.event]?.(turn, event) ?? [];
}

export function end(turn, phase, error = null) {
  Object.assign(turn, { phase, error, ended: Date.now() });
}

/** What the next question's run is told of this one. */
export function asHistory(turn) {
  if (turn.phase !== "done") return [];
  return [
    { role: "user", content: turn.question },
    { role: "assistant", content: turn.output.answer },
  ];
}
