// What is done to a fleet while sixty people edit, and what must be true in the end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import * as Y from 'yjs'

import { Random } from '../harness/random.js'
import { until } from '../harness/wait.js'
import { Crowd } from './crowd.js'
import { Fleet } from './fleet.js'

/** How long people edit, outages included. */
const EDITING = 1000 * Number(process.env.MOIM_FLEET_SECONDS ?? 60)
const SEED = Number(process.env.MOIM_FLEET_SEED ?? Date.now() % 1_000_000)
const OUTAGE = 10_000
const DOCUMENTS = 5
/** Between two edits of whomever: 50 a second, which two cores bear. */
const PACE = 20
/** The silence after which a node is taken for dead, and what may come on top of it. */
const GONE_WITHIN = 12_000
const HEALED_WITHIN = 45_000
/** How long people edit as fast as they can before all nodes die. */
const HURRY = 1000

// Each of y-websocket's providers listens for the end of the process.
process.setMaxListeners(0)

/** A test of three nodes with this kind of Redis; `stops` says of which of its nodes each stop is. */
export function trial (name, Redis, stops) {
  test(name, { timeout: EDITING + 240_000 }, async (t) => {
    t.diagnostic(`MOIM_FLEET_SEED=${SEED}`)
    const fleet = await Fleet.start(t, Redis)
    const crowds = await Promise.all(Array.from({ length: DOCUMENTS }, () => Crowd.gather(fleet)))
    t.after(() => crowds.forEach((crowd) => crowd.disperse()))
    const course = new Trial(t, fleet, crowds, stops)
    await course.run()
  })
}

class Trial {
  constructor (test, fleet, crowds, stops) {
    Object.assign(this, { test, fleet, crowds, stops, random: new Random(SEED), isOver: false })
    this.calm = Math.max(0, EDITING - (2 + Object.keys(stops).length) * OUTAGE) / (3 + Object.keys(stops).length)
  }

  async run () {
    await this.everybodySees()
    await this.isSpread()
    const editing = this.edit()
    try {
      await Promise.race([editing, this.events()])
    } finally {
      this.isOver = true
    }
    await editing
    await this.isKept()
    await this.allDie()
    await until('all is told', () => this.crowds.every(({ hasHeardAll }) => hasHeardAll), HEALED_WITHIN)
    this.crowds.forEach((crowd) => crowd.assertHeardOnce())
    this.crowds.forEach((crowd) => crowd.assertWelcome())
    assert.deepEqual(await this.fleet.complaints(), [])
    this.report()
  }

  /** Random edits of random people, one after another. */
  async edit () {
    while (!this.isOver) {
      this.random.pick(this.random.pick(this.crowds).there).edit(this.random)
      await pause(PACE)
    }
  }

  async events () {
    await pause(this.calm)
    await this.nodeDies()
    for (const [what, pick] of Object.entries(this.stops)) {
      await pause(this.calm)
      await this.redisStops(what, this.fleet.redis.nodes.filter(pick))
    }
    await pause(this.calm)
    await this.databaseIsCutOff()
    await pause(this.calm)
  }

  async everybodySees () {
    const isSeen = (crowd) => crowd.all.every((member) => crowd.isSeenByAll(member))
    await until('everybody sees everybody', () => this.crowds.every(isSeen))
  }

  async nodeDies () {
    const [node] = this.fleet.nodes
    for (const { guest } of this.crowds) guest.provider.shouldConnect = false
    const began = Date.now()
    await node.kill()
    for (const crowd of this.crowds) crowd.lose(crowd.guest)
    await Promise.all([this.areGone(began), this.heals('a node was killed')])
    await pause(began + OUTAGE - Date.now())
    await node.goOn()
  }

  /** Those who were on the killed node alone. */
  async areGone (began) {
    const isSeen = () => this.crowds.some((crowd) => crowd.isSeen(crowd.guest))
    await until('who was on the node is gone', () => !isSeen(), GONE_WITHIN)
    this.test.diagnostic(`${seconds(began)} s after a node was killed, who was on it alone is gone`)
  }

  async redisStops (what, nodes) {
    await this.fleet.redis.kill(nodes)
    await this.halfTheOutage()
    // While nobody can say so to the other nodes.
    await this.somebodyIsTold()
    this.crowds.forEach((crowd) => crowd.lose())
    await this.halfTheOutage()
    await this.fleet.redis.goOn(nodes)
    await this.heals(what)
  }

  async databaseIsCutOff () {
    await this.fleet.database.is('cut')
    await this.halfTheOutage()
    this.crowds.forEach((crowd) => crowd.lose())
    await this.halfTheOutage()
    await this.fleet.database.is('pass')
    await this.heals('the database was cut off')
  }

  async halfTheOutage () {
    await pause(OUTAGE / 2)
  }

  /** Everybody hears what everybody says from now on; people go on editing meanwhile. */
  async heals (after) {
    const began = Date.now()
    this.crowds.forEach((crowd) => crowd.mark(after))
    await this.somebodyIsTold()
    const hasAll = (crowd) => crowd.hasAllMarks(after) && crowd.hasHeardAll
    await until(`all hear all after ${after}`, () => this.crowds.every(hasAll), HEALED_WITHIN)
    this.test.diagnostic(`${seconds(began)} s until all have heard all after ${after}`)
  }

  /** In each document: on whichever node that is done, and whichever the one who is told listens to. */
  async somebodyIsTold () {
    await Promise.all(this.crowds.map((crowd) => crowd.tell()))
  }

  async isSpread () {
    const sockets = await Promise.all(this.fleet.nodes.map((node) => node.sockets()))
    this.test.diagnostic(`${sockets.join(' + ')} clients on the nodes`)
    assert.ok(Math.min(...sockets) >= 10, 'clients are on all nodes')
  }

  async isKept () {
    const began = Date.now()
    await until('all agree', () => this.crowds.every(({ agrees }) => agrees), HEALED_WITHIN)
    this.test.diagnostic(`${seconds(began)} s until all agree after the last edit`)
    await until('all is acknowledged', () => this.crowds.every(({ isAcknowledged }) => isAcknowledged))
    const snapshots = this.crowds.map(({ there: [first] }) => Y.snapshot(first.doc))
    const areKept = () => Promise.all(this.crowds.map((crowd, n) => crowd.isKept(snapshots[n])))
    await areKept()
    this.crowds.forEach((crowd) => crowd.leave())
    await this.fleet.killAllNodes()
    await areKept()
  }

  /** All nodes die in one moment while everybody edits, and nobody comes back who could say it again. */
  async allDie () {
    await Promise.all(this.crowds.map((crowd) => crowd.comeAnew()))
    const those = this.crowds.flatMap(({ there }) => there)
    for (const until = Date.now() + HURRY; Date.now() < until; await pause(1)) {
      for (const { there } of this.crowds) this.random.pick(there).edit(this.random)
    }
    those.forEach(({ provider }) => { provider.shouldConnect = false })
    await this.fleet.killAllNodes()
    this.crowds.forEach((crowd) => crowd.leave())
    await Promise.all(this.crowds.map((crowd) => crowd.isAcknowledgedKept()))
    const sum = (of) => those.reduce((total, member) => total + of(member), 0)
    this.test.diagnostic(`all nodes were killed when ${sum(({ acknowledged }) => acknowledged)} of ` +
      `${sum(({ clock }) => clock)} operations were acknowledged`)
  }

  report () {
    const all = this.crowds.flatMap((crowd) => crowd.all)
    const sum = (of) => all.reduce((total, member) => total + of(member), 0)
    const closed = new Map()
    for (const code of all.flatMap(({ codes }) => codes)) closed.set(code, 1 + (closed.get(code) ?? 0))
    const codes = [...closed].map(([code, times]) => `${times} × ${code}`).join(', ')
    this.test.diagnostic(`${all.length} clients, ${sum(({ edits }) => edits)} edits, ${sum(({ clock }) => clock)} operations, ` +
      `${sum(({ acknowledged }) => acknowledged)} known to be acknowledged`)
    this.test.diagnostic(`${sum(({ connections }) => connections - 1)} reconnections; closed: ${codes}`)
  }
}

const seconds = (since) => ((Date.now() - since) / 1000).toFixed(1)
