// Who is here: awareness between stock clients, its end, and what the server makes of it.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Scene } from './harness/scene.js'
import { until } from './harness/wait.js'

const scene = Scene.forFile()

/** A stock client that says something: the state that it is born with has clock 0, which others ignore. */
async function joinAloud (test, trip, person) {
  const peer = await scene.join(test, trip, person)
  peer.awareness.setLocalStateField('view', 'board')
  return peer
}

const stateOf = (watcher, peer) => watcher.others().get(peer.doc.clientID)

test('awareness reaches both, also who was there before', async (t) => {
  const id = await scene.trip()
  const a = await scene.join(t, id)
  a.awareness.setLocalStateField('card', 'one')
  const b = await scene.join(t, id, await scene.member(id))
  b.awareness.setLocalStateField('card', 'two')
  await until('B sees A', () => stateOf(b, a)?.card === 'one')
  await until('A sees B', () => stateOf(a, b)?.card === 'two')
  a.awareness.setLocalStateField('card', 'three')
  await until('B sees what A does now', () => stateOf(b, a)?.card === 'three')
})

test('the name that others see comes from the account, whatever the client says', async (t) => {
  const id = await scene.trip()
  const a = await scene.join(t, id)
  const mina = await scene.member(id, 'editor', 'Mina')
  const b = await scene.join(t, id, mina)
  b.awareness.setLocalStateField('u', { id: scene.owner.id, name: 'Owner', color: '#000000' })
  const seen = await until('A sees B', () => stateOf(a, b))
  assert.equal(seen.u.name, 'Mina')
  assert.equal(seen.u.id, mina.id)
})

test('who leaves is gone for the others at once', async (t) => {
  const id = await scene.trip()
  const a = await scene.join(t, id)
  const b = await joinAloud(t, id)
  await until('A sees B', () => stateOf(a, b))
  b.goOffline()
  await until('A sees B no more', () => !stateOf(a, b))
})

/** W8 */
test('whose socket breaks without a word is gone for the others too', async (t) => {
  const id = await scene.trip()
  const a = await scene.join(t, id)
  const b = await joinAloud(t, id)
  await until('A sees B', () => stateOf(a, b))
  b.provider.shouldConnect = false
  b.provider.ws.terminate()
  await until('A sees B no more', () => !stateOf(a, b))
})

/** W8 */
test('a client can\'t speak for another\'s awareness', async (t) => {
  const id = await scene.trip()
  const a = await scene.join(t, id)
  const b = await scene.join(t, id, await scene.member(id))
  const c = await scene.join(t, id)
  b.awareness.setLocalStateField('card', 'mine')
  await until('A and C see B', () => stateOf(a, b)?.card === 'mine' && stateOf(c, b)?.card === 'mine')

  a.awareness.states.set(b.doc.clientID, { card: 'forged' })
  a.awareness.meta.get(b.doc.clientID).clock += 10
  a.awareness.emit('update', [{ added: [], updated: [b.doc.clientID], removed: [] }, 'local'])
  a.awareness.setLocalStateField('card', 'after')
  await until('C sees what A said next', () => stateOf(c, a)?.card === 'after')
  assert.equal(stateOf(c, b).card, 'mine')
})

/** W3 */
test('who is alone hears its own awareness, which keeps a stock client connected', async (t) => {
  const peer = await scene.join(t, await scene.trip())
  const frames = []
  peer.provider.ws.addEventListener('message', ({ data }) => frames.push(Buffer.from(data)))
  peer.awareness.setLocalStateField('card', 'all alone')
  await until('its own awareness comes back', () => frames.some((frame) => frame.includes('all alone')))
})

/** W8 */
test('a stock client whose timers stand still, as in a tab in the background, stays listed until it is closed', async (t) => {
  const id = await scene.trip()
  const a = await scene.join(t, id)
  const b = await joinAloud(t, id, await scene.member(id))
  await until('A sees B', () => stateOf(a, b))
  clearInterval(b.awareness._checkInterval)
  const gone = []
  a.awareness.on('change', ({ removed }) => gone.push(...removed))
  // Longer than stock clients wait for a renewal.
  const over = Date.now() + 45_000
  await until('it is over', () => Date.now() > over, 60_000)
  assert.deepEqual(gone, [])
  assert.ok(stateOf(a, b))
  b.awareness.setLocalStateField('view', 'map')
  await until('A sees what B does now', () => stateOf(a, b)?.view === 'map')
  b.leave()
  await until('A sees B no more', () => !stateOf(a, b))
})
