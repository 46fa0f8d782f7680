"use strict";
(() => {
  // All content comes from data blocks and enters the page as text nodes only.
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const data = read("nodes");
  const byId = (id) => document.getElementById(id);
  const canvas = byId("graph");
  const pen = canvas.getContext("2d");

  // Columns to records. Nodes: name, type row, x, y, degree, community row.
  const nodes = data.name.map((name, row) => ({
    row, name, type: data.type[row], x: data.x[row], y: data.y[row], degree: data.degree[row],
    community: data.community[row], radius: 2.6 + Math.min(10, Math.sqrt(data.degree[row]) * 1.4), edges: null, shown: row < data.shown,
  }));
  const edges = data.from.map((from, row) => ({ row, from, to: data.to[row], kind: data.kind[row], part: data.part[row] }));
  const parts = new Map(); // part number -> sentences of its edges, parsed when first asked for
  const hiddenTypes = new Set();
  let community = -1;
  let selected = null; // {node} or {edge}
  let hovered = null;
  const view = { x: 0, y: 0, scale: 1 };

  // Okabe and Ito's palette, told apart with any colour vision; shape tells types that share a colour.
  const palette = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#7f7f7f"];
  const shapes = ["circle", "square", "triangle", "diamond"];
  const look = (type) => ({ colour: palette[type % palette.length], shape: shapes[Math.floor(type / palette.length) % shapes.length] });
  const styles = () => getComputedStyle(document.documentElement);
  let ink = {};
  const readInk = () => {
    const style = styles();
    ink = { ink: style.getPropertyValue("--ink"), edge: style.getPropertyValue("--edge"), mark: style.getPropertyValue("--mark"), ground: style.getPropertyValue("--ground") };
  };

  const neighbours = () => {
    for (const node of nodes) node.edges = [];
    for (const edge of edges) {
      nodes[edge.from].edges.push(edge);
      if (edge.to !== edge.from) nodes[edge.to].edges.push(edge);
    }
  };
  const visible = (node) => node.shown && !hiddenTypes.has(node.type) && (community < 0 || inCommunity(node, community));
  const inCommunity = (node, row) => {
    for (let at = node.community; at >= 0; at = data.parent[at]) if (at === row) return true;
    return false;
  };

  // --- drawing
  let queued = false;
  const draw = () => {
    if (queued) return;
    queued = true;
    requestAnimationFrame(() => { queued = false; paint(); });
  };
  const toScreen = (node) => [(node.x - view.x) * view.scale + canvas.clientWidth / 2, (node.y - view.y) * view.scale + canvas.clientHeight / 2];
  const toGraph = (x, y) => [(x - canvas.clientWidth / 2) / view.scale + view.x, (y - canvas.clientHeight / 2) / view.scale + view.y];
  const size = (node) => Math.max(1.5, node.radius * Math.min(2.2, Math.max(0.6, view.scale)));

  const paint = () => {
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const near = focus();
    pen.lineWidth = 0.7;
    pen.strokeStyle = ink.edge;
    pen.globalAlpha = near ? 0.15 : 0.5;
    pen.beginPath();
    const bright = [];
    for (const edge of edges) {
      const a = nodes[edge.from], b = nodes[edge.to];
      if (!visible(a) || !visible(b)) continue;
      if (near && near.edges.has(edge.row)) { bright.push(edge); continue; }
      const [x1, y1] = toScreen(a), [x2, y2] = toScreen(b);
      if ((x1 < 0 && x2 < 0) || (y1 < 0 && y2 < 0) || (x1 > width && x2 > width) || (y1 > height && y2 > height)) continue;
      pen.moveTo(x1, y1);
      pen.lineTo(x2, y2);
    }
    pen.stroke();
    pen.globalAlpha = 0.9;
    pen.strokeStyle = ink.mark;
    pen.lineWidth = 1.4;
    for (const edge of bright) arrow(edge);
    const labelled = [];
    for (const node of nodes) {
      if (!visible(node)) continue;
      const [x, y] = toScreen(node), r = size(node);
      if (x < -r || y < -r || x > width + r || y > height + r) continue;
      const lit = !near || near.nodes.has(node.row);
      pen.globalAlpha = lit ? 1 : 0.25;
      const { colour, shape } = look(node.type);
      pen.fillStyle = colour;
      trace(pen, shape, x, y, r);
      pen.fill();
      if (selected && selected.node === node) {
        pen.lineWidth = 2.5;
        pen.strokeStyle = ink.ink;
        pen.stroke();
      }
      if (lit) labelled.push([node, x, y, r]);
    }
    pen.globalAlpha = 1;
    labels(labelled, near);
  };

  const trace = (pen, shape, x, y, r) => {
    pen.beginPath();
    if (shape === "square") pen.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
    else if (shape === "triangle") { pen.moveTo(x, y - r * 1.15); pen.lineTo(x + r * 1.05, y + r * 0.8); pen.lineTo(x - r * 1.05, y + r * 0.8); pen.closePath(); }
    else if (shape === "diamond") { pen.moveTo(x, y - r * 1.2); pen.lineTo(x + r * 1.2, y); pen.lineTo(x, y + r * 1.2); pen.lineTo(x - r * 1.2, y); pen.closePath(); }
    else pen.arc(x, y, r, 0, 7);
  };

  const arrow = (edge) => {
    const [x1, y1] = toScreen(nodes[edge.from]), [x2, y2] = toScreen(nodes[edge.to]);
    const length = Math.hypot(x2 - x1, y2 - y1) || 1, r = size(nodes[edge.to]) + 2;
    const ux = (x2 - x1) / length, uy = (y2 - y1) / length;
    const tx = x2 - ux * r, ty = y2 - uy * r;
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(tx, ty);
    pen.lineTo(tx - 6 * ux + 3 * uy, ty - 6 * uy - 3 * ux);
    pen.moveTo(tx, ty);
    pen.lineTo(tx - 6 * ux - 3 * uy, ty - 6 * uy + 3 * ux);
    pen.stroke();
    if (length > 90) {
      pen.fillStyle = ink.ink;
      pen.font = "11px system-ui, sans-serif";
      pen.textAlign = "center";
      pen.fillText(clip(data.kinds[edge.kind], 28), (x1 + x2) / 2, (y1 + y2) / 2 - 3);
    }
  };

  // The most connected names first; a name that would lie on another one waits for a closer look.
  const labels = (items, near) => {
    items.sort((a, b) => (b[0] === hovered) - (a[0] === hovered) || b[0].degree - a[0].degree || a[0].row - b[0].row);
    const taken = [];
    const most = near ? 120 : 90;
    pen.font = "12px system-ui, 'Segoe UI', sans-serif";
    pen.textAlign = "left";
    pen.lineJoin = "round";
    for (const [node, x, y, r] of items) {
      if (taken.length >= most) break;
      const text = clip(node.name, 34), width = pen.measureText(text).width;
      const box = [x + r + 2, y - 8, x + r + 4 + width, y + 8];
      if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
      taken.push(box);
      pen.lineWidth = 3;
      pen.strokeStyle = ink.ground;
      pen.strokeText(text, x + r + 3, y + 4);
      pen.fillStyle = ink.ink;
      pen.fillText(text, x + r + 3, y + 4);
    }
  };
  const clip = (text, most) => { const letters = Array.from(text); return letters.length > most ? letters.slice(0, most - 1).join("") + "…" : text; };

  const focus = () => {
    if (!selected) return null;
    if (selected.edge) return { nodes: new Set([selected.edge.from, selected.edge.to]), edges: new Set([selected.edge.row]) };
    const near = { nodes: new Set([selected.node.row]), edges: new Set() };
    for (const edge of selected.node.edges) { near.edges.add(edge.row); near.nodes.add(edge.from); near.nodes.add(edge.to); }
    return near;
  };

  // --- finding what is under the pointer
  const nodeAt = (x, y) => {
    let best = null, least = Infinity;
    for (const node of nodes) {
      if (!visible(node)) continue;
      const [nx, ny] = toScreen(node), distance = Math.hypot(nx - x, ny - y) - size(node);
      if (distance < 5 && distance < least) { best = node; least = distance; }
    }
    return best;
  };
  const edgeAt = (x, y) => {
    let best = null, least = 5;
    const near = focus();
    for (const edge of edges) {
      const a = nodes[edge.from], b = nodes[edge.to];
      if (!visible(a) || !visible(b) || (near && !near.edges.has(edge.row))) continue;
      const [x1, y1] = toScreen(a), [x2, y2] = toScreen(b);
      const square = (x2 - x1) ** 2 + (y2 - y1) ** 2;
      const along = square ? Math.max(0, Math.min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / square)) : 0;
      const distance = Math.hypot(x1 + along * (x2 - x1) - x, y1 + along * (y2 - y1) - y);
      if (distance < least) { best = edge; least = distance; }
    }
    return best;
  };

  // --- text panels
  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const button = (text, action, className) => {
    const made = element("button", text, className);
    made.type = "button";
    made.addEventListener("click", action);
    return made;
  };
  const evidence = (edge) => {
    if (!parts.has(edge.part)) parts.set(edge.part, read("part-" + edge.part));
    return parts.get(edge.part)[edge.row - data.partStart[edge.part]] || [];
  };
  const quotes = (box, edge) => {
    const [sentences, more] = evidence(edge);
    for (const [quote, title] of sentences) {
      const block = element("blockquote", quote);
      block.append(element("cite", data.documents[title]));
      box.append(block);
    }
    if (more > 0) box.append(element("p", "and " + more + " more sentences", "hint"));
  };
  const nameButton = (node) => button(node.name, () => { reveal(node); select({ node }); centre(node); }, "link");

  const about = () => {
    const box = byId("about");
    box.replaceChildren();
    if (!selected) { start(box); return; }
    if (selected.edge) { aboutEdge(box, selected.edge); return; }
    const node = selected.node;
    box.append(element("h2", node.name), element("p", data.types[node.type] + (node.community >= 0 ? " · " + data.communities[node.community] : ""), "kind"));
    const aliases = data.aliases[node.row];
    if (aliases && aliases.length) box.append(element("p", "Also: " + aliases.join(", "), "kind"));
    const hidden = node.edges.filter((edge) => !nodes[edge.from].shown || !nodes[edge.to].shown).length;
    const row = element("div", undefined, "buttons");
    row.append(button(hidden ? "Bring in " + hidden + (hidden === 1 ? " neighbour" : " neighbours") : "Centre", () => { expand(node); centre(node); about(); }));
    box.append(row, element("h3", node.edges.length + (node.edges.length === 1 ? " relation" : " relations")));
    const listed = [...node.edges].sort((a, b) => a.kind - b.kind || a.row - b.row);
    for (const edge of listed.slice(0, 60)) relation(box, edge);
    if (listed.length > 60) {
      const rest = element("div");
      const more = button("Show " + (listed.length - 60) + " more", () => { more.remove(); for (const edge of listed.slice(60)) relation(rest, edge); });
      rest.append(more);
      box.append(rest);
    }
  };
  // Where to begin, while nothing is selected: the most connected things, and the largest communities.
  const start = (box) => {
    const shown = nodes.filter(visible);
    box.append(element("h2", community >= 0 ? data.communities[community] : "Where to begin"));
    if (!shown.length) { box.append(element("p", "The filters hide everything. “Show all” brings it back.", "hint")); return; }
    box.append(element("p", "Click a thing to see what is told of it; each relation shows its sentences.", "hint"), element("h3", "Most connected"));
    const things = element("ol");
    for (const node of shown.slice(0, 12)) {
      const item = element("li");
      item.append(nameButton(node), element("span", " " + data.types[node.type] + ", " + node.edges.length + (node.edges.length === 1 ? " relation" : " relations"), "kind"));
      things.append(item);
    }
    box.append(things);
    const parts = data.communities.map((_, row) => row).filter((row) => data.parent[row] === community && data.sizes[row] > 2);
    if (!parts.length) return;
    box.append(element("h3", community >= 0 ? "Communities in it" : "Largest communities"));
    const groups = element("ol");
    for (const row of parts.sort((a, b) => data.sizes[b] - data.sizes[a] || a - b).slice(0, 12)) {
      const item = element("li");
      item.append(button(data.communities[row] + " (" + data.sizes[row] + ")", () => openCommunity(row), "link"));
      groups.append(item);
    }
    box.append(groups);
  };
  const openCommunity = (row) => { selected = null; chooseCommunity(row); about(); };
  const relation = (box, edge) => {
    const item = element("div", undefined, "relation");
    item.append(nameButton(nodes[edge.from]), element("span", " " + data.kinds[edge.kind] + " ", "kind"), nameButton(nodes[edge.to]));
    const details = element("details");
    details.append(element("summary", "sentences"));
    details.addEventListener("toggle", () => { if (details.open && details.childElementCount === 1) quotes(details, edge); });
    item.append(details);
    box.append(item);
  };
  const aboutEdge = (box, edge) => {
    box.append(element("h2", data.kinds[edge.kind]));
    const line = element("p");
    line.append(nameButton(nodes[edge.from]), element("span", " → "), nameButton(nodes[edge.to]));
    box.append(line, element("h3", "Sentences"));
    quotes(box, edge);
  };

  // --- actions
  const select = (what) => { selected = what; about(); draw(); };
  const reveal = (node) => { node.shown = true; hiddenTypes.delete(node.type); if (community >= 0 && !inCommunity(node, community)) chooseCommunity(-1); syncTypes(); };
  const expand = (node) => { for (const edge of node.edges) { nodes[edge.from].shown = true; nodes[edge.to].shown = true; } counts(); draw(); };
  const centre = (node) => { view.x = node.x; view.y = node.y; view.scale = Math.max(view.scale, 1.4); draw(); };
  const fit = () => {
    const shown = nodes.filter(visible);
    if (!shown.length) return;
    const xs = shown.map((node) => node.x), ys = shown.map((node) => node.y);
    const low = (list) => list.reduce((a, b) => Math.min(a, b), Infinity), high = (list) => list.reduce((a, b) => Math.max(a, b), -Infinity);
    const [x1, x2, y1, y2] = [low(xs), high(xs), low(ys), high(ys)];
    view.x = (x1 + x2) / 2;
    view.y = (y1 + y2) / 2;
    view.scale = Math.min(4, 0.9 * Math.min(canvas.clientWidth / (x2 - x1 + 40), canvas.clientHeight / (y2 - y1 + 40)));
    draw();
  };
  const counts = () => {
    const shown = nodes.filter(visible).length;
    byId("size").textContent = shown.toLocaleString("en") + " of " + nodes.length.toLocaleString("en") + " things, " + edges.length.toLocaleString("en") + " relations";
  };

  // --- finding by name: exact starts first, then words inside
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const folded = nodes.map((node) => [node.name, ...(data.aliases[node.row] || [])].map(fold));
  const search = (text) => {
    const wanted = fold(text.trim());
    if (!wanted) return [];
    const found = [];
    folded.forEach((names, row) => {
      let rank = 9;
      for (const name of names) {
        if (name === wanted) rank = Math.min(rank, 0);
        else if (name.startsWith(wanted)) rank = Math.min(rank, 1);
        else if (name.includes(" " + wanted)) rank = Math.min(rank, 2);
        else if (name.includes(wanted)) rank = Math.min(rank, 3);
      }
      if (rank < 9) found.push([rank, -nodes[row].degree, row]);
    });
    return found.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]).slice(0, 25).map((item) => nodes[item[2]]);
  };
  byId("search").addEventListener("input", (event) => {
    const list = byId("results");
    list.replaceChildren();
    const found = search(event.target.value);
    for (const node of found) {
      const item = element("li"), entry = button(node.name, () => { reveal(node); counts(); select({ node }); centre(node); });
      entry.append(element("span", " " + data.types[node.type], "kind"));
      item.append(entry);
      list.append(item);
    }
    if (!found.length && event.target.value.trim()) list.append(element("li", "Nothing is called that.", "hint"));
  });
  byId("search").addEventListener("keydown", (event) => {
    if (event.key === "Enter") { const first = byId("results").querySelector("button"); if (first) first.click(); }
  });

  // --- filters
  const boxes = [];
  const typeRows = () => {
    const total = data.types.map(() => 0);
    for (const node of nodes) total[node.type]++;
    const holder = byId("types");
    data.types.map((name, type) => [name, type]).sort((a, b) => total[b[1]] - total[a[1]] || a[1] - b[1]).forEach(([name, type]) => {
      const label = element("label", undefined, "type"), box = element("input"), mark = element("canvas");
      box.type = "checkbox";
      box.checked = true;
      box.addEventListener("change", () => { if (box.checked) hiddenTypes.delete(type); else hiddenTypes.add(type); counts(); draw(); });
      boxes.push([box, type]);
      mark.width = mark.height = 28;
      const small = mark.getContext("2d"), style = look(type);
      small.fillStyle = style.colour;
      trace(small, style.shape, 14, 14, 10);
      small.fill();
      label.append(box, mark, element("span", name), element("span", String(total[type])));
      holder.append(label);
    });
  };
  const syncTypes = () => { for (const [box, type] of boxes) box.checked = !hiddenTypes.has(type); };
  const chooseCommunity = (row) => {
    community = row;
    if (row >= 0) for (const node of nodes) if (inCommunity(node, row)) node.shown = true;
    counts();
    fit();
  };
  const communityRows = (text) => {
    const list = byId("communities"), wanted = fold(text);
    list.replaceChildren();
    let left = 200;
    data.communities.forEach((title, row) => {
      if (left <= 0 || (wanted && !fold(title).includes(wanted))) return;
      left--;
      const item = element("li");
      item.append(button(title + " (" + data.sizes[row] + ")", () => openCommunity(row)));
      list.append(item);
    });
  };
  byId("communitySearch").addEventListener("input", (event) => communityRows(event.target.value));
  byId("all").addEventListener("click", () => { hiddenTypes.clear(); syncTypes(); selected = null; chooseCommunity(-1); about(); });
  byId("fit").addEventListener("click", fit);

  // --- pointer and keys
  let held = null;
  canvas.addEventListener("pointerdown", (event) => { held = { x: event.offsetX, y: event.offsetY, moved: false }; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    if (held) {
      const dx = event.offsetX - held.x, dy = event.offsetY - held.y;
      if (held.moved || Math.hypot(dx, dy) > 3) { view.x -= dx / view.scale; view.y -= dy / view.scale; held = { x: event.offsetX, y: event.offsetY, moved: true }; draw(); }
      return;
    }
    const node = nodeAt(event.offsetX, event.offsetY);
    if (node !== hovered) { hovered = node; canvas.classList.toggle("over", Boolean(node)); draw(); }
  });
  canvas.addEventListener("pointerup", (event) => {
    const clicked = held && !held.moved;
    held = null;
    if (!clicked) return;
    const node = nodeAt(event.offsetX, event.offsetY);
    if (node) { select({ node }); return; }
    const edge = edgeAt(event.offsetX, event.offsetY);
    select(edge ? { edge } : null);
  });
  canvas.addEventListener("dblclick", (event) => { const node = nodeAt(event.offsetX, event.offsetY); if (node) { expand(node); about(); } });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0015), event.offsetX, event.offsetY);
  }, { passive: false });
  const zoom = (factor, x, y) => {
    const [gx, gy] = toGraph(x, y);
    view.scale = Math.max(0.02, Math.min(12, view.scale * factor));
    view.x = gx - (x - canvas.clientWidth / 2) / view.scale;
    view.y = gy - (y - canvas.clientHeight / 2) / view.scale;
    draw();
  };
  canvas.addEventListener("keydown", (event) => {
    const step = 60 / view.scale, middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) { view.x += moves[event.key][0]; view.y += moves[event.key][1]; draw(); event.preventDefault(); }
    else if (event.key === "+" || event.key === "=") zoom(1.25, ...middle);
    else if (event.key === "-") zoom(0.8, ...middle);
    else if (event.key === "Escape") select(null);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement.tagName !== "INPUT") { event.preventDefault(); byId("search").focus(); }
  });
  window.addEventListener("resize", draw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readInk(); draw(); });

  readInk();
  neighbours();
  typeRows();
  communityRows("");
  counts();
  fit();
  about();
})();
