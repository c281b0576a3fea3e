'use strict';
// Elements and numbers of the page. All text from models and datasets becomes text nodes, never markup.
const byId = id => document.getElementById(id);

// An element of a class, with text and elements inside.
function make(tag, name, ...inside) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  for (const part of inside)
    if (part !== null && part !== undefined) element.append(part);
  return element;
}

// A cell with what its column is, for screens that show no columns.
function label(cell, text) {
  cell.dataset.label = text;
  return cell;
}

const letter = i => i === null || i === undefined ? '–' : i < 26 ? String.fromCharCode(65 + i) : String(i + 1);
const number = (value, digits) => value === null || value === undefined ? '–' : typeof value === 'number' ? value.toFixed(digits).replace('-', '−') : value;
const signed = value => typeof value === 'number' && value > 0 ? `+${number(value, 2)}` : number(value, 2);
