/// Quantiles of Student's distribution against tables.
import OptNumerics
import Testing

@Test(arguments: [
  (1.0, 0.95, 12.706204736432095), (2, 0.95, 4.302652729911275), (12, 0.95, 2.1788128296634177),
  (30, 0.99, 2.749995653567231), (1e6, 0.95, 1.9599663), (.infinity, 0.95, 1.959963984540054),
])
func quantilesOfStudentsDistribution(degrees: Double, level: Double, expected: Double) {
  let t = StudentT.quantile(level: level, degrees: degrees)
  #expect(abs(t - expected) < 1e-6 * expected || degrees == 1e6 && abs(t - expected) < 1e-5)
  #expect(abs(StudentT.twoSided(t, degrees: degrees) - (1 - level)) < 1e-9)
}
