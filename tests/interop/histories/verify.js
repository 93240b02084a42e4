// Lets Yjs 13.5 and 13.6 read what the server answered to histories: `node histories/verify.js FILE`, which the Rust test writes.

import { deepStrictEqual as deepEqual } from 'node:assert'
import { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'

import * as Yjs from 'yjs'
import * as Yjs135 from 'yjs-13-5'

import { undoManager } from './acts.js'
import { everything } from './content.js'
import { makeHistory } from './make.js'

/** A client that joins gets all of it, and can say it again. */
function check (Y, update, all, what) {
  const doc = new Y.Doc()
  undoManager(Y, doc)
  Y.applyUpdate(doc, Buffer.from(update, 'base64'))
  deepEqual([doc.store.pendingStructs, doc.store.pendingDs], [null, null], `${what}: something is missing`)
  deepEqual(everything(doc), all, what)
  const again = new Y.Doc()
  undoManager(Y, again)
  Y.applyUpdate(again, Y.encodeStateAsUpdate(doc))
  deepEqual(everything(again), all, `${what}, sent again`)
}

const [file] = process.argv.slice(2)
const answers = JSON.parse(await readFile(file, 'utf8'))
for (const { seed, ...updates } of answers) {
  const { all } = makeHistory(seed)
  for (const [name, update] of Object.entries(updates)) {
    check(Yjs, update, all, `history ${seed}, ${name}, read by Yjs 13.6`)
    check(Yjs135, update, all, `history ${seed}, ${name}, read by Yjs 13.5`)
  }
}
console.log(`Yjs 13.5 and 13.6 read ${answers.length} histories as they were made`)
if (answers.length === 0) process.exitCode = 1
