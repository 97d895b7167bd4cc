"""What is written beside numbers or instead of them: currencies, units, marks of no value."""

from __future__ import annotations

_MARKERS = """
    - -- --- . .. ... ? ?? n/a N/A n.a. N.A. na NA NaN nan n/d N/D #N/A #NA #NV <NA> null NULL Null
    none None NONE nil NIL missing Missing MISSING (blank) \u2013 \u2014 \u2026 -nan -NaN
"""
_CURRENCIES = """
    US$ NZ$ HK$ A$ C$ R$ S$ $ \u20ac \u00a3 \u00a5 \u20b9 \u20bd \u20a9 \u20ba \u20aa \u20ab \u0e3f
    USD EUR GBP JPY CNY RMB INR CHF SEK NOK DKK PLN CZK HUF RUB TRY BRL MXN ZAR AUD CAD NZD SGD HKD
    KRW Rs. Rs Fr. kr z\u0142
"""
_UNITS = """
    % \u2030 \u00b0 \u00b0C \u00b0F K ppm ppb mg g kg t lb lbs oz ug \u00b5g \u03bcg
    nm um \u00b5m \u03bcm mm cm dm m km in ft yd mi ml mL cl dl l L hl gal mm2 cm2 m2 km2 ha
    mm3 cm3 m3 mm\u00b2 cm\u00b2 m\u00b2 km\u00b2 mm\u00b3 cm\u00b3 m\u00b3
    ms s sec min h hr hrs d Hz kHz MHz GHz mV V kV mA A mW W kW MW kWh MWh J kJ MJ N kN MN
    Pa hPa kPa MPa GPa bar mbar psi rpm km/h m/s mph kg/m3 kg/m\u00b3 g/cm3 g/cm\u00b3
    N/mm2 N/mm\u00b2 kB MB GB TB Euro euro Euros euros k M Mio Mio. mio Mrd Mrd. bn mn
"""

MARKERS = frozenset([*_MARKERS.split(), "#N/A N/A", "not available", "Not available"])
CURRENCIES = tuple(_CURRENCIES.split())
UNITS = frozenset([*CURRENCIES, *_UNITS.split()])
