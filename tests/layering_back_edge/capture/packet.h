// Planted: the layering check must refuse this tree.
#include "report/tokens.h"
