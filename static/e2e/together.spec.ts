// Two people in two browsers plan one trip: the scenario that the whole server is built for.

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

test('two people plan one trip, through a killed server and a restored version', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju', days: 3 })
  await ara.share(trip, byeol, 'editor')
  const a = await EditorPage.open(await browse(ara), trip)
  const b = await EditorPage.open(await browse(byeol), trip)

  await test.step('each sees that the other is here', async () => {
    await expect(a.others).toHaveAttribute('data-user', byeol.id)
    await expect(b.others).toHaveAttribute('data-user', ara.id)
  })

  await test.step('A drops a card on day 2 while B renames it and types in its note', async () => {
    await a.addNotes(1, 'Market', 'Harbour')
    const market = await a.cardForGood('Market')
    await b.openCard('Market')
    await expect(market.getByTestId('card-peer')).toHaveText('Byeol')
    await Promise.all([
      a.drag(market, 2),
      b.title.fill('Dongmun Market').then(() => b.note.pressSequentially('흑돼지 at seven', { delay: 20 })),
    ])
  })

  await test.step('both see both', async () => {
    for (const person of [a, b]) {
      await person.expectDay(1, ['Harbour'])
      await person.expectDay(2, ['Dongmun Market'])
    }
    await a.openCard('Dongmun Market')
    await expect(a.note).toHaveValue('흑돼지 at seven')
    await expect(b.page.getByTestId('sheet-peers').getByTitle('Ara')).toBeVisible()
  })

  await test.step('a version is saved', async () => {
    await a.saveVersion('First plan')
    await a.expectState('saved')
  })

  await test.step('the server is killed and started again: both come back by themselves, nothing is missing', async () => {
    await server.kill()
    await expect(a.chip).toHaveAttribute('data-state', /offline|reconnecting/)
    await b.note.press('End')
    await b.note.pressSequentially(', or at eight')
    await server.run()
    await a.expectState('saved')
    await b.expectState('saved')
    for (const person of [a, b]) {
      await expect(person.note).toHaveValue('흑돼지 at seven, or at eight')
      await person.expectDay(2, ['Dongmun Market'])
    }
  })

  await test.step('the version is restored while B goes on typing', async () => {
    await b.addNotes(3, 'Added after the version')
    await b.openCard('Dongmun Market')
    await b.note.press('Control+End')
    let restored = false
    const restoring = a.restoreVersion('First plan').then(() => { restored = true })
    while (!restored) await b.note.pressSequentially(' and on', { delay: 30 })
    await restoring
    await b.note.pressSequentially(' to the end')

    await a.expectDay(3, [])
    await b.expectDay(3, [])
    await a.openCard('Dongmun Market')
    await expect(b.note).toHaveValue(/^흑돼지 at seven.* to the end$/)
    const text = await b.note.inputValue()
    expect(text, 'what the version did not hold is gone').not.toContain('eight')
    await expect(a.note).toHaveValue(text)
    await a.expectState('saved')
    await b.expectState('saved')
  })

  await test.step('a third look, with nothing local, shows the same', async () => {
    const fresh = await EditorPage.open(await browse(ara), trip)
    await fresh.expectDay(1, ['Harbour'])
    await fresh.expectDay(2, ['Dongmun Market'])
    await fresh.openCard('Dongmun Market')
    await expect(fresh.note).toHaveValue(await b.note.inputValue())
  })
})
