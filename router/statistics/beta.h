#pragma once
// The beta distribution in logarithms, safe for shapes from 1e-13 to 1e12. Boost.Math has the
// plain values, but those underflow long before a run of healthy requests is over. Every lnB is
// split into a deviance and Stirling remainders, so that large numbers never cancel. Pure.

namespace tallygate::router {

/// Beta(a, b), a > 0, b > 0. Its mean is a / (a + b).
struct BetaShape {
  double a = 1;
  double b = 1;
};

/// lnΓ(x) − [(x − ½) ln x − x + ½ ln 2π], for x > 0; falls like 1/(12x).
double stirling_remainder(double x);

/// a ln(a / mp) + b ln(b / mq) with m = a + b, q = 1 − p: how far p lies from the shape's mean.
/// At least 0, and 0 at the mean. p in (0, 1).
double deviance(const BetaShape& shape, double p);

/// ln P(X > p) of X ~ Beta(a, b), p in (0, 1). At most 0, never NaN.
double log_upper_tail(const BetaShape& shape, double p);

/// ln of ∫ x^S (1−x)^(n−S) dPrior(x) / [p^S (1−p)^(n−S)], where the prior's mean is p. The prior
/// must be centred on p (a / (a + b) = p); `posterior` is prior + (S, n − S).
double log_mixture_ratio(const BetaShape& prior, const BetaShape& posterior, double p);

}  // namespace tallygate::router
