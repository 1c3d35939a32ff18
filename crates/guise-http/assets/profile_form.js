// What a profile's form does beyond what forms do: it counts the name's characters, crops the picture to a square, and
// shows how a message under the profile will look. Without this the form works all the same.

const SIDE_MAX = 1024;
const find = (id) => document.getElementById(id);
const form = find("profile");
const name = find("name");
const file = find("media");
const crop = find("crop");
const canvas = crop.querySelector("canvas");
const [zoom, across, down] = ["zoom", "across", "down"].map(find);
const face = find("preview-face");
const before = face.firstElementChild;
const small = Object.assign(document.createElement("canvas"), { width: 144, height: 144 });

/** The picture that is being cropped. */
let picture = null;
let busy = false;

// The name.

function named() {
  const text = name.value.trim().normalize("NFC");
  const count = [...text].length;
  const longest = Number(name.dataset.longest);
  const told = `${count} of ${longest} characters`;
  find("name-count").textContent = told;
  find("name-count").classList.toggle("over", count > longest);
  name.setCustomValidity(count > longest ? `The name has ${told}.` : "");
  find("preview-name").textContent = text || "Name";
  if (!picture && !before) face.textContent = initials(text);
}

function initials(text) {
  const words = text.split(/\s+/u).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map((word) => [...word][0].toLocaleUpperCase()).join("");
}

// The picture.

async function choose() {
  picture?.close();
  picture = null;
  const [chosen] = file.files;
  try {
    picture = chosen ? await createImageBitmap(chosen) : null;
    find("media-unread").hidden = true;
  } catch {
    find("media-unread").hidden = false;
    file.value = "";
  }
  zoom.value = zoom.min;
  across.value = down.value = 500;
  crop.hidden = !picture;
  draw();
}

/** The square of the picture that is kept. */
function square() {
  const side = (Math.min(picture.width, picture.height) * 100) / zoom.value;
  const [wide, tall] = [picture.width - side, picture.height - side];
  return { side, wide, tall, left: (wide * across.value) / 1000, top: (tall * down.value) / 1000 };
}

function drawOn(target) {
  const { side, left, top } = square();
  const context = target.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.clearRect(0, 0, target.width, target.height);
  context.drawImage(picture, left, top, side, side, 0, 0, target.width, target.height);
  return context;
}

function draw() {
  if (!picture) {
    face.replaceChildren(...(before ? [before] : []));
    named();
    return;
  }
  const { wide, tall } = square();
  across.disabled = wide < 1;
  down.disabled = tall < 1;
  drawOn(canvas);
  drawOn(small);
  face.replaceChildren(small);
}

function drag(from) {
  const { side, wide, tall } = square();
  const scale = (1000 * side) / canvas.clientWidth;
  const [x, y] = [Number(across.value), Number(down.value)];
  const move = (to) => {
    if (wide >= 1) across.value = x - ((to.clientX - from.clientX) * scale) / wide;
    if (tall >= 1) down.value = y - ((to.clientY - from.clientY) * scale) / tall;
    draw();
  };
  canvas.setPointerCapture(from.pointerId);
  canvas.addEventListener("pointermove", move);
  const end = () => canvas.removeEventListener("pointermove", move);
  for (const over of ["pointerup", "pointercancel"]) canvas.addEventListener(over, end, { once: true });
}

/** The square as a file: a PNG if anything shows through it, a JPEG else. */
async function cropped() {
  const side = Math.max(1, Math.min(SIDE_MAX, Math.round(square().side)));
  const target = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const { data } = drawOn(target).getImageData(0, 0, side, side);
  let through = false;
  for (let alpha = 3; alpha < data.length && !through; alpha += 4) through = data[alpha] < 255;
  const type = through ? "image/png" : "image/jpeg";
  return new Promise((done) => target.toBlob((blob) => done(blob && new File([blob], "face", { type })), type, 0.92));
}

function put(one) {
  const files = new DataTransfer();
  if (one) files.items.add(one);
  file.files = files.files;
}

name.addEventListener("input", named);
file.addEventListener("change", choose);
for (const range of [zoom, across, down]) range.addEventListener("input", draw);
canvas.addEventListener("pointerdown", drag);
find("unpick").addEventListener("click", () => {
  put(null);
  choose();
  file.focus();
});

const place = find("picture");
for (const over of ["dragenter", "dragover", "dragleave", "drop"]) {
  place.addEventListener(over, (event) => {
    event.preventDefault();
    place.classList.toggle("over", over.startsWith("drage") || over === "dragover");
    if (over !== "drop" || !event.dataTransfer.files.length) return;
    put(event.dataTransfer.files[0]);
    choose();
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (busy) return;
  busy = true;
  const square = picture && (await cropped());
  if (square) put(square);
  form.submit();
});
addEventListener("pageshow", () => {
  busy = false;
});

find("preview").hidden = false;
named();
