// Randomness that a seed repeats: mulberry32.

export class Random {
  constructor (seed) {
    this.state = seed >>> 0
  }

  /** A number in [0, 1). */
  next () {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = this.state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer in [0, limit). */
  below (limit) {
    return Math.floor(this.next() * limit)
  }

  chance (probability) {
    return this.next() < probability
  }

  pick (list) {
    return list[this.below(list.length)]
  }

  shuffle (list) {
    const shuffled = [...list]
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]]
    }
    return shuffled
  }
}
