// A trip that begins anew: everybody is back in it by themselves, and what nobody else has is offered.

import AxeBuilder from '@axe-core/playwright'

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

test('an owner clears trash and history, and everybody is back by themselves', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  await ara.share(trip, byeol, 'editor')
  const a = await EditorPage.open(await browse(ara), trip)
  const b = await EditorPage.open(await browse(byeol), trip)
  await a.addNotes(1, 'stays', 'thrown away')
  await expect(b.card('thrown away')).toBeVisible()
  await a.card('thrown away').click()
  await a.page.keyboard.press('Delete')
  await expect(b.card('thrown away')).toBeHidden()

  await test.step('what only B has, who is offline, is not in it', async () => {
    await b.page.context().setOffline(true)
    await b.expectState('offline')
    await b.addNotes(2, 'made in the tunnel')
  })

  await test.step('the trash says what will happen', async () => {
    await a.expectState('saved')
    await a.page.getByTestId('more').click()
    await a.page.getByTestId('open-trash').click()
    await expect(a.page.getByTestId('trash-card')).toHaveCount(1)
    await a.page.getByTestId('renew').click()
    await expect(a.page.getByTestId('renewal-dialog')).toBeVisible()
    const { violations } = await new AxeBuilder({ page: a.page }).analyze()
    expect(violations).toEqual([])
    await a.page.getByTestId('renewal-confirm').click()
  })

  await test.step('A is back in the trip, with an empty trash and a version of how it was', async () => {
    await expect(a.page.getByText('opened afresh')).toBeVisible()
    await a.expectState('saved')
    await a.expectDay(1, ['stays'])
    await a.page.getByTestId('more').click()
    await a.page.getByTestId('open-trash').click()
    await expect(a.page.getByTestId('trash-panel')).toBeVisible()
    await expect(a.page.getByTestId('trash-card')).toHaveCount(0)
    await a.page.getByTestId('versions').click()
    await expect(a.page.getByText('Before clearing')).toBeVisible()
    await a.page.getByTestId('versions').click()
  })

  await test.step('B is back by themselves too; what the trip lacks is kept, and goes in when B says so', async () => {
    await b.page.context().setOffline(false)
    await b.expectState('saved')
    await b.expectDay(1, ['stays'])
    await expect(b.card('made in the tunnel')).toBeHidden()
    await b.page.getByTestId('kept-open').click()
    const copy = b.page.getByTestId('kept-copy')
    await expect(copy).toHaveAttribute('data-reason', 'otherEpoch')
    await expect(copy.getByTestId('kept-item')).toHaveText([/made in the tunnel/])
    await copy.getByTestId('kept-merge').click()
    await expect(copy).toHaveCount(0)
    await b.page.keyboard.press('Escape')
    await b.expectDay(1, ['stays'])
    await b.expectDay(2, ['made in the tunnel'])
    await expect(a.card('made in the tunnel')).toBeVisible()
  })

  await test.step('both go on together, and B hears who it was', async () => {
    await b.addNotes(2, 'anew')
    await expect(a.card('anew')).toBeVisible()
    await expect(b.page.getByTestId('bell')).toHaveAttribute('data-unread', '1')
  })
})

test('who has nothing unsaved does not have to do anything', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju', days: 2 })
  await ara.share(trip, byeol, 'editor')
  const b = await EditorPage.open(await browse(byeol), trip)
  await b.addNotes(1, 'stays')
  await b.expectState('saved')
  await ara.call('POST', `/documents/${trip}/renewals`, {})
  await expect(b.page.getByText('opened afresh')).toBeVisible()
  await b.expectState('saved')
  await b.expectDay(1, ['stays'])
  await b.page.reload()
  await b.expectState('saved')
  await b.expectDay(1, ['stays'])
})

test('a note that two people changed apart has the words of each whole', async ({ browse, server }) => {
  const ara = await Person.signUp(server, 'Ara')
  const byeol = await Person.signUp(server, 'Byeol')
  const trip = await ara.createTrip({ title: 'Jeju', days: 1 })
  await ara.share(trip, byeol, 'editor')
  const [a, b] = [await EditorPage.open(await browse(ara), trip), await EditorPage.open(await browse(byeol), trip)]
  await a.addNotes(1, 'ferry')
  await a.openCard('ferry')
  await a.note.fill('오전 10시 30분 출발\n明天去北京。\n표는 두 장')
  await a.expectState('saved')
  await b.openCard('ferry')
  await expect(b.note).toHaveValue(/두 장/)

  await b.page.context().setOffline(true)
  await b.expectState('offline')
  await b.note.fill('오전 10시 45분 출발\n明天去南京。\n표는 두 장\n👩🏽 창가')
  await ara.call('POST', `/documents/${trip}/renewals`, {})
  await expect(a.page.getByText('opened afresh')).toBeVisible()
  await a.expectState('saved')
  if (!(await a.note.isVisible())) await a.openCard('ferry')
  await a.note.fill('오후 11시 30분 출발\n明天去北京。\n표는 세 장\n👩🏿 창가')
  await a.expectState('saved')

  await b.page.context().setOffline(false)
  await b.expectState('saved')
  await b.page.getByTestId('kept-open').click()
  const copy = b.page.getByTestId('kept-copy')
  await expect(copy.getByTestId('kept-item')).toContainText(['45분'])
  await copy.getByTestId('kept-merge').click()
  await expect(copy).toHaveCount(0)
  const merged = '오후 11시 30분 오전 10시 45분 출발\n明天去南京。\n표는 세 장\n👩🏿 창가\n👩🏽 창가'
  await expect(a.note).toHaveValue(merged)
})
